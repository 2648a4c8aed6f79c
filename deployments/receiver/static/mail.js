"use strict";

const token = document.getElementById("token");
const said = document.getElementById("said");
const mail = document.getElementById("mail");
const key = location.pathname.split("/").pop();

token.value = sessionStorage.getItem("token") ?? "";
document.getElementById("guard").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", token.value);
  load();
});

// Everything is put in as text: a mail's words must never become a page's.
function element(kind, text, ...children) {
  const made = document.createElement(kind);
  made.textContent = text ?? "";
  made.append(...children);
  return made;
}

function styled(className, made) {
  made.className = className;
  return made;
}

function section(title, ...children) {
  const shown = children.filter(Boolean);
  return shown.length ? [element("h2", title), ...shown] : [];
}

function table(head, rows) {
  if (!rows.length) return null;
  const cells = (kind, values) => element("tr", "", ...values.map((value) => element(kind, value)));
  const body = element("table", "", cells("th", head), ...rows.map((row) => cells("td", row)));
  return styled("scroll", element("div", "", body));
}

function list(values) {
  return values.length ? element("ul", "", ...values.map((value) => element("li", value))) : null;
}

function words(text) {
  return text ? element("p", text) : null;
}

function quoted(text) {
  return text ? element("pre", text) : null;
}

function dollars(usd) {
  return usd === null ? "unknown" : `$${usd.toFixed(6)}`;
}

function itemSaid({ text, owner, due, quote }) {
  const beside = [owner && `by ${owner}`, due && `due ${due}`].filter(Boolean).join(", ");
  return [beside ? `${text} (${beside})` : text, quote && `“${quote}”`].filter(Boolean).join(" — ");
}

function effectRow({ action, target, state, detail, rule, dry_run }) {
  return [action, target, dry_run && state === "planned" ? "would be done" : state, detail, rule];
}

function callRow({ question, provider, model, state, error_code, shared_by, input_tokens, output_tokens, usd, begun_at }) {
  const ended = error_code ? `${state}: ${error_code}` : state;
  const price = shared_by > 1 ? `${dollars(usd)}, shared by ${shared_by} mails` : dollars(usd);
  const when = new Date(begun_at * 1000).toISOString().slice(0, 19).replace("T", " ");
  return [when, question, `${provider}: ${model}`, ended, input_tokens.toLocaleString("en"), output_tokens.toLocaleString("en"), price];
}

function facts(outcome) {
  const rows = [
    ["from", outcome.sender], ["status", [outcome.status, outcome.error_type].filter(Boolean).join(": ")],
    ["category", [outcome.category, outcome.urgent && "urgent", outcome.reply_wanted && "a reply is wanted"].filter(Boolean).join(", ")],
    ["why", outcome.error || outcome.reason], ["language", outcome.language], ["rules", outcome.rule],
    ["read by", [outcome.provider, outcome.model].filter(Boolean).join(": ") + (outcome.simulated ? " (simulated)" : "")],
    ["copy of", outcome.duplicate_of || outcome.likely_duplicate_of], ["processed", outcome.processed_at],
    ["where it came from", outcome.id], ["key", outcome.message_key],
  ];
  return element("table", "", ...rows.filter(([, value]) => value).map(([name, value]) =>
    element("tr", "", element("th", name), element("td", value))));
}

function show({ outcome, text, left_out, effects, calls }) {
  document.title = `Mailroom: ${outcome.subject || "a mail"}`;
  const attachments = outcome.attachments.map((one) => [one.name || one.type, one.fate, one.why]);
  mail.replaceChildren(
    element("h1", outcome.subject || "(no subject)"),
    facts(outcome),
    ...section("Summary", words(outcome.summary), words(outcome.translation)),
    ...section("To do", list(outcome.action_items.map(itemSaid))),
    ...section("Suggested replies", list(outcome.replies)),
    ...section("Doubts", list([...outcome.doubts, ...outcome.parse_defects].map(String))),
    ...section("What was done", table(["action", "target", "state", "why or where", "rule"], effects.map(effectRow))),
    ...section("Text, as a model is given it", text === null ? words("The ledger keeps the bytes of this mail no more.") : quoted(text || "(none)")),
    ...section("Left out of it", ...left_out.flatMap((one) => [element("h3", `${one.what}: ${one.why}`), quoted(one.text)])),
    ...section("Attachments", table(["name", "what became of it", "why"], attachments)),
    ...section("Calls", table(["UTC", "question", "model", "state", "tokens in", "out", "price"], calls.map(callRow))));
}

async function load() {
  said.textContent = "…";
  mail.replaceChildren();
  const answer = await fetch(`${key}/record`, { headers: { Authorization: `Bearer ${token.value}` } }).catch(() => null);
  if (!answer) { said.textContent = "The receiver could not be reached."; return; }
  const found = await answer.json().catch(() => ({}));
  said.textContent = answer.ok ? "" : (found.detail ?? `The receiver answered ${answer.status}.`);
  if (answer.ok) show(found);
}

if (token.value) load();
