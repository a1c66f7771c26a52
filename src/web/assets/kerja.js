// For the staff: keys, dialogs, drafts, presence.
(() => {
"use strict";
const { words, main } = window.meja;
const root = document.documentElement;
const hasKeys = root.dataset.pintasan
  ? root.dataset.pintasan === "nyala"
  : !matchMedia("(pointer: coarse)").matches;
const ticket = location.pathname.match(/^\/kerja\/tiket\/([^/]+)/)?.[1];
const isWriting = at => at.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

// Acts on a ticket that have a page of their own; the shorter ones are shown in a dialog.
const acts = new Set("tugaskan eskalasi kembalikan minta-data gabung pisah tautkan klasifikasi alihkan tunggu-pihak-lain prioritas".split(" "));
// What a key does on a ticket: the first of these acts that the page offers.
const triage = { 1: ["terima"], 2: ["gabung"], 3: ["alihkan", "eskalasi"], h: ["minta-data", "tunggu-pihak-lain"] };
// Where two keys go, for whom the page links there.
const places = { "g k": "/kerja", "g a": "/kerja/antrean", "g e": "/kerja/eskalasi", "g w": "/kerja/pengawasan", "g j": "/kerja/kewajiban", "g l": "/kerja/layanan" };

// ---- Dialogs: the form of an act's own page, shown above this one. Whatever fails becomes a way to the page.
let dialog;
const prefixed = part => {
  for (const it of part.querySelectorAll("[id]")) it.id = "d-" + it.id;
  for (const name of ["for", "list", "aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const it of part.querySelectorAll(`[${name}]`)) {
      it.setAttribute(name, it.getAttribute(name).trim().split(/\s+/).map(id => "d-" + id).join(" "));
    }
  }
  for (const it of part.querySelectorAll("a[href^='#']")) it.setAttribute("href", "#d-" + it.getAttribute("href").slice(1));
  return part;
};
const fetched = async url => {
  const answer = await fetch(url, { headers: { "X-Requested-With": "meja" } });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return prefixed(page.getElementById("isi"));
};
const openDialog = async url => {
  try {
    const part = await fetched(url);
    if (!dialog) {
      dialog = document.createElement("dialog");
      document.body.append(dialog);
      dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
    }
    const close = document.createElement("button");
    close.type = "button";
    close.className = "link";
    close.textContent = words.close;
    close.addEventListener("click", () => dialog.close());
    const box = document.createElement("div");
    box.className = "dialog";
    box.append(...part.childNodes);
    const heading = box.querySelector("h1");
    heading.id ||= "d-judul";
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.replaceChildren(close, box);
    dialog.dataset.url = url;
    if (!dialog.open) dialog.showModal();
    (box.querySelector("[autofocus]") || box.querySelector("input:not([type=hidden]), select, textarea") || close).focus();
  } catch { location.href = url; }
};
document.addEventListener("click", event => {
  const link = event.target.closest("a[data-dialog], main a[href^='/kerja/tiket/']");
  if (!link || (!("dialog" in link.dataset) && !acts.has(link.pathname.split("/")[4])) || link.closest("dialog") || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openDialog(link.href);
});

// ---- The search in a dialog answers while somebody types; arrows walk through what it found.
let typing;
const searchOn = form => {
  clearTimeout(typing);
  typing = setTimeout(async () => {
    const url = form.getAttribute("action") + "?" + new URLSearchParams(new FormData(form));
    try {
      const part = await fetched(url);
      const found = [...part.childNodes].filter(it => !it.querySelector?.("form") && it.nodeName !== "FORM");
      const box = dialog.querySelector(".dialog");
      for (const it of [...box.childNodes]) if (!it.contains(document.activeElement)) it.remove();
      box.append(...found.filter(it => it.nodeName !== "H1"));
      const heading = part.querySelector("h1");
      if (heading) box.prepend(heading);
    } catch { form.submit(); }
  }, 200);
};
document.addEventListener("input", event => {
  const form = event.target.form;
  if (form?.closest("dialog") && form.method === "get") searchOn(form);
});

// ---- Keys.
const offered = word => ["a[href$='/W']", "a[href*='/W?']", "details#W > summary", "form[action$='/W'] button"]
  .map(it => main().querySelector(it.replaceAll("W", word))).find(Boolean);
const targetOf = chord => places[chord]
  ? document.querySelector(`a[href='${places[chord]}']`)
  : ticket && triage[chord.toLowerCase()]?.map(offered).find(Boolean);
const press = it => {
  if (it.nodeName === "SUMMARY") {
    const box = it.parentElement;
    box.open = true;
    (box.querySelector("textarea, select, input:not([type=hidden])") || it).focus();
  } else if (it.matches("input, textarea, select")) { it.focus(); it.select?.(); }
  else it.click();
};
const rows = () => [...main().querySelectorAll(".queue tbody tr, .pile > li")].filter(row => row.querySelector("a[href]"));
const step = by => {
  const all = rows();
  const at = all.findIndex(row => row.contains(document.activeElement));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
  const link = next?.querySelector(".subject a, a[href]");
  link?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
let before = "";
const onKey = event => {
  const { key } = event;
  if ((event.ctrlKey || event.metaKey) && key.toLowerCase() === "k" && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    openDialog("/kerja/cari");
    return;
  }
  if (event.target.closest?.("dialog") && (key === "ArrowDown" || key === "ArrowUp")) {
    const stops = [...dialog.querySelectorAll("input[type=search], .dialog a[href]")];
    const next = stops[stops.indexOf(document.activeElement) + (key === "ArrowDown" ? 1 : -1)];
    if (next) { event.preventDefault(); next.focus(); }
    return;
  }
  if (!hasKeys || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target) || dialog?.open) return;
  const chord = before === "g" ? "g " + key : key;
  before = key === "g" ? "g" : "";
  if (key === "g") { setTimeout(() => { before = ""; }, 1500); return; }
  if (chord === "j" || chord === "k") { event.preventDefault(); step(chord === "j" ? 1 : -1); return; }
  if (chord === "x") {
    const box = document.activeElement.closest("tr, li")?.querySelector("input[type=checkbox]");
    if (box) { event.preventDefault(); box.click(); }
    return;
  }
  if (chord === "/") {
    event.preventDefault();
    const search = main().querySelector("input[type=search]");
    if (search) { search.focus(); search.select(); } else location.href = "/kerja/cari";
    return;
  }
  if (chord === "?") { event.preventDefault(); openDialog("/kerja/pintasan"); return; }
  const target = targetOf(chord);
  if (target) { event.preventDefault(); press(target); }
};
document.addEventListener("keydown", onKey);

// ---- Drafts are kept on the server: phones and machines are shared. Forms say where (data-draf).
const post = (address, fields) => fetch(address, {
  method: "POST", headers: { "X-Requested-With": "meja" }, body: new URLSearchParams(fields), redirect: "manual",
});
const timers = new Map();
const keepDraft = async (form, text) => {
  let [kept, at] = [false, ""];
  try {
    const fields = new FormData(form);
    fields.delete("file");
    const answer = await post(form.dataset.draf, fields);
    if (answer.status === 404 || answer.status === 405) { delete form.dataset.draf; return; }
    kept = answer.ok;
    // The server's clock: that of the device may be wrong, or stand in another zone.
    at = answer.headers.get("x-kept-at") || "";
  } catch {}
  let line = form.querySelector(".draft-line");
  if (!line) {
    line = document.createElement("p");
    line.className = "meta draft-line";
    line.setAttribute("role", "status");
    text.after(line);
  }
  line.textContent = kept ? words.draftKept.replace("#", at) : words.draftLost;
};
document.addEventListener("input", event => {
  const text = event.target;
  if (text.nodeName !== "TEXTAREA" || !text.form?.dataset.draf) return;
  clearTimeout(timers.get(text));
  timers.set(text, setTimeout(() => keepDraft(text.form, text), 1500));
});
// What is sent needs no draft any more.
document.addEventListener("submit", () => timers.forEach(clearTimeout));

// ---- Presence: told while somebody looks and does something, never by a page that was left open (data-hadir).
let last = Date.now();
for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => { last = Date.now(); }, { passive: true });
const here = async () => {
  const place = document.querySelector("[data-hadir]");
  const token = document.querySelector("input[name=_csrf]")?.value;
  if (!place || document.hidden || !token || Date.now() - last > 300000) return;
  const writes = document.activeElement?.nodeName === "TEXTAREA" && document.activeElement.value;
  try {
    const answer = await post(place.dataset.hadir, { _csrf: token, menulis: writes ? "1" : "0" });
    if (!answer.ok) { place.removeAttribute("data-hadir"); return; }
    const page = await fetch(location.pathname, { headers: { "X-Requested-With": "meja" } });
    const next = page.ok && new DOMParser().parseFromString(await page.text(), "text/html").querySelector("[data-hadir]");
    if (next && next.innerHTML !== place.innerHTML) place.replaceChildren(...next.childNodes);
  } catch {}
};
here();
setInterval(here, 20000);

// ---- An answer that can still be called back counts its seconds (data-tahan).
const began = performance.now();
for (const box of document.querySelectorAll("[data-tahan]")) {
  const line = box.querySelector("p");
  const all = Number(line.textContent.match(/\d+(?=\D*$)/)?.[0]);
  // Said once; a second is no news.
  box.setAttribute("aria-live", "off");
  const count = setInterval(() => {
    const left = Math.max(0, Math.ceil(all - (performance.now() - began) / 1000));
    line.textContent = line.textContent.replace(/\d+(?=\D*$)/, left);
    if (!left) { clearInterval(count); box.querySelector("form")?.remove(); }
  }, 1000);
}
window.meja.openDialog = openDialog;
})();
