// Live updates for the staff: numbers of tickets and counts, never their text. One stream for the whole browser,
// in whichever visible tab holds the lock; the others listen to that one. Nothing moves what somebody reads.
(() => {
"use strict";
const { words, show } = window.meja;
const line = document.getElementById("kabar");
if (!line || !window.EventSource || !navigator.locks || !window.BroadcastChannel) return;

const channel = new BroadcastChannel("meja-kabar");
let seen = Number(document.body.dataset.seen || 0);
let heard = seen;
let [fresh, moved] = [new Set(), new Set()];

const ticket = location.pathname.match(/^\/kerja\/tiket\/([^/]+)/)?.[1];
const shownNumbers = () => new Set(ticket ? [ticket] : [...document.querySelectorAll("#isi a[href^='/kerja/tiket/']")].map(it => it.pathname.split("/")[3]));
const label = (one, many, count) => (count === 1 ? one : many).replace("#", count);
const tell = () => {
  const here = shownNumbers();
  const isList = !ticket && document.querySelector("#isi .queue, #isi .pile, #isi .empty");
  const news = isList ? [...fresh].filter(number => !here.has(number)).length : 0;
  const updates = [...moved].filter(number => here.has(number)).length;
  if (!news && !updates) return;
  let button = line.querySelector("button");
  if (!button) {
    button = document.createElement("button");
    button.type = "button";
    button.className = "main";
    button.addEventListener("click", reveal);
    line.replaceChildren(button);
  }
  const text = news ? label(words.newOne, words.newMany, news) : label(words.movedOne, words.movedMany, updates);
  if (button.textContent !== text) button.textContent = text;
};

// A list is fetched anew. On a ticket only what was said and where it stands changes: the forms keep their text.
const reveal = async () => {
  const parts = [...document.querySelectorAll("[data-hidup]")];
  try {
    if (!parts.length) await show(location.href, true);
    else {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "meja" } });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of parts) {
        const next = page.getElementById(part.id);
        if (next) part.replaceChildren(...next.childNodes);
      }
      // What has been read may be answered.
      const version = page.querySelector("input[name=versi]")?.value;
      if (version) for (const it of document.querySelectorAll("input[name=versi]")) it.value = version;
      document.body.dataset.seen = page.body.dataset.seen || "";
      document.dispatchEvent(new Event("meja:shown"));
    }
  } catch { location.reload(); return; }
  document.getElementById("isi").focus({ preventScroll: true });
};
document.addEventListener("meja:shown", () => {
  seen = Number(document.body.dataset.seen || seen);
  [fresh, moved] = [new Set(), new Set()];
  line.replaceChildren();
});

const take = ({ id, baru = [], ubah = [] }) => {
  heard = Math.max(heard, id);
  if (id <= seen) return;
  for (const number of baru) fresh.add(number);
  for (const number of ubah) moved.add(number);
  tell();
};
channel.onmessage = event => event.data.lost ? lost() : take(event.data);

const lost = () => {
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = words.reload;
  const text = document.createElement("span");
  text.textContent = words.lost + " ";
  line.replaceChildren(text, link);
};

let source, release, waiting;
const listen = () => {
  let failures = 0;
  source = new EventSource("/kerja/kabar?sejak=" + heard);
  source.onopen = () => { failures = 0; };
  source.addEventListener("tiket", event => {
    const news = { id: Number(event.lastEventId), ...JSON.parse(event.data) };
    take(news);
    channel.postMessage(news);
  });
  source.onerror = () => {
    failures += 1;
    if (failures >= 3 || source.readyState === EventSource.CLOSED) {
      stop();
      lost();
      channel.postMessage({ lost: true });
    }
  };
};
const stop = () => {
  waiting?.abort();
  waiting = undefined;
  source?.close();
  source = undefined;
  release?.();
  release = undefined;
};
const start = () => {
  if (waiting || document.hidden) return;
  waiting = new AbortController();
  navigator.locks.request("meja-kabar", { signal: waiting.signal }, () => new Promise(done => {
    release = done;
    listen();
  })).catch(() => {});
};
document.addEventListener("visibilitychange", () => document.hidden ? stop() : start());
addEventListener("pagehide", stop);
addEventListener("pageshow", event => { if (event.persisted) start(); });
start();
})();
