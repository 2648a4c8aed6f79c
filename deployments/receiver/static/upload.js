"use strict";

const AT_A_TIME = 3;
const ASK_EVERY_MS = 2000;
const waiting = [];
let busy = 0;

const drop = document.getElementById("drop");
const chosen = document.getElementById("files");
const token = document.getElementById("token");

token.value = sessionStorage.getItem("token") ?? "";
token.addEventListener("change", () => sessionStorage.setItem("token", token.value));
document.getElementById("guard").addEventListener("submit", (event) => { event.preventDefault(); token.blur(); });
chosen.addEventListener("change", () => { take(chosen.files); chosen.value = ""; });
drop.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") chosen.click(); });
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files);
});

function take(files) {
  for (const file of files) waiting.push([file, addRow(file)]);
  sendNext();
}

function addRow(file) {
  const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
  row.querySelector(".name").textContent = file.name;
  document.getElementById("list").append(row);
  return row;
}

function sendNext() {
  while (busy < AT_A_TIME && waiting.length) {
    busy += 1;
    send(...waiting.shift());
  }
}

// XMLHttpRequest and not fetch: only it tells how much has been sent.
function send(file, row) {
  const request = new XMLHttpRequest();
  const bar = row.querySelector("progress");
  request.open("POST", "upload");
  for (const [name, value] of Object.entries(proof())) request.setRequestHeader(name, value);
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
  request.addEventListener("load", () => finish(row, ...fateOf(request)));
  request.addEventListener("error", () => finish(row, "refused", "The receiver could not be reached."));
  const form = new FormData();
  form.append("file", file);
  request.send(form);
}

function proof() {
  return token.value ? { Authorization: `Bearer ${token.value}` } : {};
}

function fateOf(request) {
  let answer = {};
  try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page, not ours */ }
  const first = answer.files?.[0];
  if (first) return [first.status, first.reason, first.delivery];
  return ["refused", typeof answer.detail === "string" ? answer.detail : `The receiver answered ${request.status}.`];
}

function finish(row, status, reason, delivery) {
  const words = { accepted: "accepted", duplicate: "was handed in before", refused: "refused" };
  row.querySelector("progress").value = 1;
  row.classList.add(status);
  row.querySelector(".fate").textContent = [words[status], reason].filter(Boolean).join(": ");
  busy -= 1;
  sendNext();
  if (delivery) follow(row, delivery, words[status]);
}

// What becomes of the file once it is accepted: asked now and then until all of it is done.
async function follow(row, delivery, accepted) {
  for (;;) {
    const answer = await fetch(`deliveries/${delivery}`, { headers: proof() }).catch(() => null);
    if (answer?.ok) {
      const found = await answer.json();
      row.querySelector(".fate").textContent = `${accepted}: ${stateOf(found)}`;
      row.classList.toggle("finished", found.finished);
      if (found.finished) return;
    } else if (answer && answer.status < 500) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function stateOf({ waiting, unreadable, mails }) {
  const met = Object.values(mails).reduce((sum, number) => sum + number, 0);
  const open = (mails.PENDING ?? 0) + (mails.PROCESSING ?? 0);
  const failed = mails.FAILED ? `, ${mails.FAILED} failed` : "";
  const damaged = unreadable ? ", part of it could not be read" : "";
  if (met === 0) return waiting ? "waits for a run" : `holds no mail${damaged}`;
  return `${met - open} of ${met}${waiting ? " or more" : ""} mails done${failed}${damaged}`;
}
