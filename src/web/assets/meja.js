// For every page. Everything works without it: it only saves people steps.
(() => {
"use strict";
const root = document.documentElement;
const words = document.body.dataset;
const main = () => document.getElementById("isi");

// One report from two taps is caught by the server; this only says that the first one counted.
document.addEventListener("submit", event => {
  const form = event.target;
  const button = event.submitter || form.querySelector("button:not([type=button])");
  if (event.defaultPrevented || form.method !== "post" || !button) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
  const label = button.innerHTML;
  // After the browser has read the button's own name and value.
  setTimeout(() => { button.textContent = words.sending; }, 0);
  const again = () => { delete form.dataset.sent; button.innerHTML = label; };
  setTimeout(again, 30000);
  addEventListener("pageshow", shown => { if (shown.persisted) again(); }, { once: true });
});

// A number is copied by a button behind it.
const offerCopies = () => {
  if (!navigator.clipboard) return;
  for (const place of document.querySelectorAll("[data-salin]:not([data-salin=done])")) {
    place.dataset.salin = "done";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy no-print";
    const name = document.createElement("span");
    name.className = "sr";
    name.textContent = " " + place.textContent;
    button.append(words.copy, name);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(place.textContent.trim());
      button.firstChild.data = words.copied;
      setTimeout(() => { button.firstChild.data = words.copy; }, 4000);
    });
    place.after(" ", button);
  }
};

// Another state of the same page takes the place of this one; the focus stays where it is.
let asked = 0;
const show = async (url, keep) => {
  const turn = ++asked;
  const answer = await fetch(url, { headers: { "X-Requested-With": "meja" } });
  if (!answer.ok || answer.redirected) { location.href = url; return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Somebody typed on meanwhile: the later question is answered.
  if (turn !== asked) return;
  const [focus, old] = [document.activeElement, main()];
  const id = old.contains(focus) && focus.id;
  const caret = id && focus.selectionStart;
  const opened = [...old.querySelectorAll("details[open][id]")].map(it => it.id);
  const typed = [...old.querySelectorAll("textarea[id], input[id]:not([type=radio]):not([type=hidden])")]
    .filter(it => it.type === "checkbox" ? it.checked !== it.defaultChecked : it.value !== it.defaultValue);
  old.replaceChildren(...page.getElementById("isi").childNodes);
  // What somebody has written outside of the filter is not ours to take.
  for (const it of typed.filter(it => !it.form?.matches(".filter"))) {
    const next = document.getElementById(it.id);
    if (next) { next.value = it.value; next.checked = it.checked; }
  }
  for (const name of opened) document.getElementById(name)?.setAttribute("open", "");
  const next = id && document.getElementById(id);
  if (next) {
    next.focus({ preventScroll: true });
    if (typeof caret === "number" && next.setSelectionRange) try { next.setSelectionRange(caret, caret); } catch {}
  }
  document.title = page.title;
  document.body.dataset.seen = page.body.dataset.seen || "";
  if (!keep) history.replaceState(null, "", url);
  document.dispatchEvent(new Event("meja:shown"));
};

// Filters answer on their own once somebody pauses.
let pause;
const refilter = event => {
  const form = event.target.form;
  if (!form?.matches(".filter") || form.method !== "get" || form.closest("dialog")) return;
  if (event.type === "input" && event.target.type !== "search") return;
  clearTimeout(pause);
  pause = setTimeout(() => {
    const fields = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...fields]) if (!value) fields.delete(name);
    show(form.getAttribute("action") + "?" + fields).catch(() => form.submit());
  }, 300);
};
document.addEventListener("input", refilter);
document.addEventListener("change", refilter);

// Theme and density show at once; the button keeps them.
document.addEventListener("change", event => {
  const { name, value } = event.target;
  if (name === "tema" || name === "kerapatan") {
    if (value) root.dataset[name] = value; else delete root.dataset[name];
  }
});

// Deadlines: seconds left, and for how many of them the clock runs on before it rests.
// Counted from when each came onto the page: parts of it are replaced by fresher ones.
const arrivals = new WeakMap();
const arrive = () => {
  for (const chip of document.querySelectorAll("[data-batas]")) {
    if (!arrivals.has(chip)) arrivals.set(chip, performance.now());
  }
};
const relabel = () => {
  arrive();
  for (const chip of document.querySelectorAll("[data-batas]")) {
    const passed = (performance.now() - arrivals.get(chip)) / 1000;
    const [left, runs, kind] = chip.dataset.batas.split(" ");
    const rest = left - Math.min(passed, runs);
    const minutes = Math.floor(Math.abs(rest) / 60);
    const [hour, minute] = words.units.split(" ");
    const hours = Math.floor(minutes / 60);
    const span = hours ? `${hours} ${hour} ${String(minutes % 60).padStart(2, "0")} ${minute}` : `${minutes} ${minute}`;
    const text = words[(rest < 0 ? "over" : "left") + kind].replace("#", span);
    if (chip.lastChild.data !== text) chip.lastChild.data = text;
    if (rest < 0) chip.className = "chip danger edge";
  }
};
const everyMinute = () => { if (!document.hidden && words.units) relabel(); };
setInterval(everyMinute, 60000);
document.addEventListener("visibilitychange", everyMinute);

const begin = () => { offerCopies(); arrive(); };
begin();
document.addEventListener("meja:shown", begin);
window.meja = { show, main, words };
})();
