#!/bin/sh
# Takes out of an environment what no process of ours opens. Usage: slim.sh ENVIRONMENT
set -eu
cd "$1"/lib/python3*/site-packages
# Descriptions of 500 Google services, for a client that google-generativeai brings and we do not use.
rm -rf googleapiclient/discovery_cache/documents
# Arrow's clients of Flight and S3, and CEL's extensions: each is a module that is imported only by those who want it.
rm -f pyarrow/libarrow_flight.* pyarrow/_flight.* pyarrow/libarrow_s3.* pyarrow/_s3fs.*
rm -rf cel_expr_python/ext bazel-project
# Headers and static libraries, for those who compile against these packages.
rm -rf pyarrow/include numpy/_core/include
find . -name '*.a' -delete
# Tests of the packages themselves; pandera has a module of that name that it imports.
find . -type d -name tests -not -path './pandera/*' -prune -exec rm -rf {} +
