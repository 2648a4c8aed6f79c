#!/bin/sh
# Takes out of an environment what no process of ours opens. Usage: slim.sh ENVIRONMENT
set -eu
cd "$1"/lib/python3*/site-packages
# Descriptions of 500 Google services, for a client that google-generativeai brings and we do not use.
rm -rf googleapiclient/discovery_cache/documents
# Arrow's Flight, S3 and Substrait, and CEL's extensions: each is a module that is imported only by those who want it.
rm -f pyarrow/*arrow*flight.* pyarrow/_flight.* pyarrow/libarrow_s3.* pyarrow/_s3fs.* pyarrow/_substrait.*
rm -rf cel_expr_python/ext bazel-project
# Arrow's libraries under their other names; the loader looks for libNAME.so.NUMBER.
rm -f pyarrow/lib[a-z]*.so pyarrow/lib[a-z]*.so.*.*.*
# Headers, static libraries and sources, for those who compile these packages or against them.
rm -rf pyarrow/include pyarrow/src numpy/_core/include
find . -type f \( -name '*.a' -o -name '*.c' -o -name '*.cc' -o -name '*.cpp' -o -name '*.h' -o -name '*.hpp' \
  -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' \) -delete
# What debuggers read of machine code: an eighth of it all. Not of libraries that wheels carry along, which were patched
# in a way that they do not survive it.
find . -type f \( -name '*.so' -o -name '*.so.*' \) -not -path './*.libs/*' -exec strip --strip-unneeded {} +
# Tests of the packages themselves; pandera has a module of that name that it imports.
find . -type d -name tests -not -path './pandera/*' -prune -exec rm -rf {} +
