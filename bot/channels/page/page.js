// The clinic's chat in the browser: Socket.IO with Rasa's event names.
//
// A message is kept with an id until the server has acknowledged it, and is sent again with the
// same id after a lost connection: the server answers each id once. The browser stores nothing
// but the session that the server signed. Every sentence a patient reads stands in index.html.
"use strict";

const SESSION_KEY = "chat-session";
const LONGEST_TEXT = 5000; // characters
const ACKNOWLEDGED_WITHIN = 5000; // ms, then the message is sent again
const RETRY = 5000; // ms at most between two tries to connect
const ANSWERED_WITHIN = 12000; // ms, then the patient is told whom to call

const byId = (id) => document.getElementById(id);
const [scroller, start, log, typing, status, form, box] =
  ["scroller", "start", "log", "typing", "status", "form", "text"].map(byId);
const numbers = new Set(log.dataset.call.split("|"));

const unsent = new Map(); // id -> text, in the order in which the patient wrote
const shown = new Set(); // ids of the answers on the page: the server may send one twice
let session = readSession();
let confirmed = false; // the server knows our session on this connection
let late = 0; // the timer of ANSWERED_WITHIN

// ---- What the patient sees

function say(template, text) {
  const message = byId(template).content.firstElementChild.cloneNode(true);
  write(message.querySelector("p"), text);
  log.append(message);
  return message;
}

/** Puts the text into the element, with links for addresses and phone numbers. */
function write(element, text) {
  let end = 0;
  for (const found of text.matchAll(/https?:\/\/\S*[^\s.,;:!?)]|\+?\d+(?:[ .,-]\d+)*/g)) {
    const isPhone = numbers.has(found[0]) || /^\+\d[\d -]{8,}$/.test(found[0]);
    if (!isPhone && !found[0].startsWith("http")) continue;
    const link = document.createElement("a");
    link.textContent = found[0];
    link.href = isPhone ? telephone(found[0]) : found[0];
    if (!isPhone) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
    element.append(text.slice(end, found.index), link);
    end = found.index + found[0].length;
  }
  element.append(text.slice(end));
}

function telephone(number) {
  return `tel:${number.replace(/[^\d+]/g, "")}`;
}

/** Mends links that were filled with a number that has spaces, or with words. */
function mendLinks(root) {
  for (const link of root.querySelectorAll("a")) {
    const target = link.getAttribute("href");
    if (/^tel:[\d+ ()-]+$/.test(target)) link.href = telephone(target);
    else if (!/^https?:/.test(target)) link.replaceWith(link.dataset.otherwise ?? link.textContent);
  }
}

function showAnswer({ text, quick_replies: replies, metadata }) {
  stopWaiting();
  if (shown.has(metadata.id)) return;
  shown.add(metadata.id);
  const message = say("from-clinic", text);
  if (metadata.urgency) message.classList.add("urgent");
  if (replies) message.append(choices(replies));
  start.hidden = true;
  scroller.scrollTop = message.offsetTop - scroller.offsetTop - 10; // a long one from its start
}

function choices(replies) {
  const group = document.createElement("div");
  group.className = "choices";
  for (const { title, payload } of replies) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = title;
    button.addEventListener("click", () => send(payload, title));
    group.append(button);
  }
  return group;
}

/** Shows the status of that name (a template of index.html), or none. */
function setStatus(name) {
  status.replaceChildren(...(name ? [byId(`status-${name}`).content.cloneNode(true)] : []));
  status.dataset.name = name;
}

function startWaiting() {
  setStatus("");
  typing.hidden = false;
  scroller.scrollTop = scroller.scrollHeight;
  clearTimeout(late);
  late = setTimeout(() => setStatus("late"), ANSWERED_WITHIN);
}

function stopWaiting(nextStatus = "") {
  typing.hidden = true;
  clearTimeout(late);
  setStatus(nextStatus);
}

// ---- What goes to the server and comes back

const socket = io({
  transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelayMax: RETRY,
});

socket.on("connect", () => socket.emit("session_request", { session_id: session }));

socket.on("session_confirm", (token) => {
  session = token;
  storeSession(token);
  confirmed = true;
  setStatus("");
  if (unsent.size) startWaiting();
  unsent.forEach(deliver);
});

socket.on("bot_uttered", showAnswer);
socket.on("connect_error", lost);
socket.on("disconnect", (reason) => {
  lost();
  // The one case in which Socket.IO does not try again by itself.
  if (reason === "io server disconnect") setTimeout(() => socket.connect(), RETRY);
});

function lost() {
  confirmed = false;
  showLost();
}

function showLost() {
  stopWaiting(unsent.size ? "kept" : "offline");
}

function send(text, title = text) {
  document.querySelectorAll("#log .choices").forEach((old) => old.classList.add("old"));
  start.hidden = true;
  say("from-patient", title);
  const id = newId();
  unsent.set(id, text);
  startWaiting();
  if (confirmed) deliver(text, id);
  else lost();
}

function deliver(text, id) {
  const asked = session;
  const message = { message: text, session_id: asked, metadata: { id } };
  socket.timeout(ACKNOWLEDGED_WITHIN).emit("user_uttered", message, (failure, reply) => {
    if (failure) {
      // Lost, although the browser may not know yet that its connection is gone.
      if (!unsent.has(id)) return;
      showLost();
      if (confirmed) deliver(text, id);
    } else if (reply.error === "session") {
      renewSession(asked);
    } else {
      unsent.delete(id);
      if (status.dataset.name === "kept") startWaiting();
      if (reply.error) stopWaiting("refused");
    }
  });
}

/** Asks for a new session, once for all the messages that were refused with the old one. */
function renewSession(refused) {
  if (!confirmed || refused !== session) return;
  confirmed = false;
  socket.emit("session_request", {});
}

function newId() {
  // randomUUID is there only on https and localhost.
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A browser may forbid storage; the session then lasts as long as the page.
function readSession() {
  try { return localStorage.getItem(SESSION_KEY) ?? ""; } catch { return ""; }
}
function storeSession(token) {
  try { localStorage.setItem(SESSION_KEY, token); } catch { /* see above */ }
}

// ---- What the patient does

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value.trim();
  if (text.length > LONGEST_TEXT) return setStatus("too-long");
  if (!text) return undefined;
  box.value = "";
  fitBox();
  return send(text);
});

box.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter belongs to it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

box.addEventListener("input", () => {
  fitBox();
  if (status.dataset.name === "too-long") setStatus("");
});

function fitBox() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`; // its border
}

start.addEventListener("click", ({ target }) => {
  if (target.tagName !== "BUTTON") return;
  send(target.textContent);
  scroller.focus({ preventScroll: true }); // the button is gone; the keyboard stays closed
});

// iOS lays its keyboard over the page: the emergency line must stay in view.
window.visualViewport?.addEventListener("resize", ({ target: view }) => {
  if (view.scale !== 1) return;
  document.body.style.height = `${view.height}px`;
  window.scrollTo(0, 0);
});

mendLinks(document);
document.querySelectorAll("template").forEach((template) => mendLinks(template.content));
