"use strict";

function element(kind, text, ...children) {
  const made = document.createElement(kind);
  made.textContent = text;
  made.append(...children);
  return made;
}

function answersOf(operation) {
  const rows = Object.entries(operation.responses).map(([status, answer]) =>
    element("tr", "", element("td", status), element("td", answer.description)));
  return element("table", "", ...rows);
}

function show(description) {
  const routes = document.getElementById("routes");
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const taken = Object.keys(operation.requestBody?.content ?? {}).join(", ");
      routes.append(
        element("h2", `${method.toUpperCase()} ${path}`),
        element("p", operation.description ?? operation.summary),
        ...(taken ? [element("p", `Takes ${taken}`)] : []),
        answersOf(operation));
    }
  }
}

fetch("openapi.json").then((answer) => answer.json()).then(show);
