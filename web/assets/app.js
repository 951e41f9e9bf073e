// What JavaScript improves on the staff's pages. Every page works without it.
(() => {
  "use strict";
  const $ = (s, from = document) => from.querySelector(s);
  const body = document.body;
  const form = $("form[data-keep]"); // the form whose typed values are kept
  let dirty = false, timer = 0, leaving = false;

  // A form with errors: the summary first, so that it is read.
  const summary = $("[data-errors]");
  if (summary) {
    summary.focus();
    // A link of the summary leads to the field itself, of a group to its first one.
    summary.addEventListener("click", (e) => {
      const a = e.target.closest("a"), to = a && document.getElementById(a.hash.slice(1));
      const field = to && (to.matches("input, textarea") ? to : $("input:not([type=hidden]), textarea, button", to));
      if (field) { e.preventDefault(); field.focus(); (field.labels[0] || field).scrollIntoView({ block: "center" }); }
    });
  }

  // A second press of the same button does nothing while the first is on its way.
  document.addEventListener("submit", (e) => {
    if (e.target.dataset.sent) { e.preventDefault(); return; }
    e.target.dataset.sent = "1";
    leaving = true;
    clearTimeout(timer);
    setTimeout(() => delete e.target.dataset.sent, 4000);
  });
  addEventListener("pageshow", () => {
    leaving = false;
    document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent);
  });

  // What is typed is kept on the box, so that a lock or a dead battery loses nothing.
  const keep = () => {
    clearTimeout(timer);
    if (!form || !dirty || leaving) return Promise.resolve();
    const data = new URLSearchParams(new FormData(form));
    data.set("draft", location.pathname);
    return fetch("/draft", { method: "POST", body: data }).then((r) => { if (r.status === 401) lock(); }).catch(() => {});
  };
  const lock = () => { location.assign("/lock?next=" + encodeURIComponent(location.pathname)); };
  document.addEventListener("input", (e) => {
    if (e.target.closest("form[data-quick]")) return;
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(keep, 1500);
  });

  // Dates: the next field when this one is full.
  document.querySelectorAll("[data-hop]").forEach((i) => i.addEventListener("input", () => {
    if (i.value.length < i.maxLength) return;
    const all = [...i.closest("[data-date]").querySelectorAll("input")];
    const next = all[all.indexOf(i) + 1];
    if (next && !next.value) next.focus();
  }));

  // Who is watched after a vaccine: the minutes that are left.
  const watched = [...document.querySelectorAll("[data-minutes]")];
  if (watched.length) setInterval(() => {
    watched.forEach((w) => {
      const n = --w.dataset.minutes;
      if (n > 0) w.textContent = w.textContent.replace(/\d+/, n);
      else if (!dirty) location.reload();
    });
  }, 60000);

  // An answer of the centre that may come while the page is open: it shows by itself.
  const awaits = $("[data-await]");
  if (awaits) {
    const began = Date.now(), look = setInterval(() => {
      if (Date.now() - began > 600000) { clearInterval(look); return; }
      if (document.hidden || dirty) return;
      fetch(awaits.dataset.await).then((r) => r.ok ? r.text() : awaits.dataset.mark).then((m) => {
        if (m === awaits.dataset.mark || dirty || leaving) return;
        clearInterval(look); leaving = true; location.reload();
      }).catch(() => {});
    }, 2000);
  }

  // Suggestions while somebody types: the same buttons that the search would show.
  document.querySelectorAll("[data-suggest]").forEach((input) => {
    const box = document.getElementById(input.dataset.into);
    let wait = 0, asked = 0;
    const draw = (rows) => {
      box.replaceChildren(...rows.map((row) => {
        const li = document.createElement("li"), b = document.createElement("button");
        const code = document.createElement("b"), text = document.createElement("span"), more = document.createElement("small");
        b.type = "submit"; b.name = "do"; b.value = "pick." + row.code;
        code.textContent = input.dataset.codes ? row.code : ""; text.textContent = row.name; more.textContent = row.more || "";
        if (!input.dataset.codes) code.hidden = true;
        text.append(more); b.append(code, text); li.append(b);
        return li;
      }));
      box.hidden = rows.length === 0;
    };
    input.addEventListener("input", () => {
      clearTimeout(wait);
      const q = input.value.trim(), mine = ++asked;
      if (q.length < 2) { draw([]); return; }
      wait = setTimeout(() => {
        fetch("/suggest/" + input.dataset.suggest, { method: "POST", body: new URLSearchParams({ q }) })
          .then((r) => { if (r.status === 401) { keep().then(lock); throw 0; } return r.json(); })
          .then((rows) => { if (mine === asked) draw(rows); }).catch(() => {});
      }, 150);
    });
    input.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown" && !box.hidden) { e.preventDefault(); const b = $("button", box); if (b) b.focus(); }
    });
    box.addEventListener("keydown", (e) => {
      const all = [...box.querySelectorAll("button")], i = all.indexOf(document.activeElement);
      if (e.key === "ArrowDown" && all[i + 1]) { e.preventDefault(); all[i + 1].focus(); }
      if (e.key === "ArrowUp") { e.preventDefault(); (all[i - 1] || input).focus(); }
    });
  });

  // The box tells of scans, of the state of the data, and of the lock.
  if (body.dataset.live && window.EventSource) {
    const events = new EventSource("/events");
    addEventListener("pagehide", () => events.close());
    const devices = () => [...document.querySelectorAll("#strip [data-device]")].map((p) => p.textContent).join();
    events.addEventListener("strip", (e) => {
      const s = $("#strip"), before = devices();
      if (!s || s.contains(document.activeElement)) return; // whoever stands on a link keeps it
      s.outerHTML = JSON.parse(e.data);
      if (body.dataset.watch && devices() !== before) { leaving = true; location.reload(); }
    });
    events.addEventListener("lock", () => { events.close(); keep().then(lock); });
    events.addEventListener("scan", (e) => {
      const scan = JSON.parse(e.data), box = $("#live");
      if (scan.open && scan.go && !dirty && !body.dataset.hold) { leaving = true; location.assign(scan.open); return; }
      const name = scan.open || scan.text;
      if (sessionStorage.getItem("later") === name) return;
      box.dataset.name = name;
      $("[data-text]", box).textContent = scan.text;
      const open = $("[data-open]", box);
      open.hidden = !scan.open;
      if (scan.open) {
        open.href = scan.open;
        open.onclick = (c) => { if (!dirty) return; c.preventDefault(); keep().then(() => location.assign(scan.open)); };
      }
      box.hidden = false;
    });
  }
  // Buttons that need a script are hidden without it.
  document.querySelectorAll("[data-print]").forEach((b) => { b.hidden = false; b.addEventListener("click", () => print()); });
  document.querySelectorAll("[data-copy]").forEach((b) => {
    b.hidden = false;
    b.addEventListener("click", () => {
      const from = document.getElementById(b.dataset.copy), words = b.querySelectorAll("span");
      from.focus(); from.select();
      if (document.execCommand("copy")) { words[0].hidden = true; words[1].hidden = false; }
    });
  });
  const close = $("#live [data-close]");
  if (close) close.addEventListener("click", () => { const box = $("#live"); sessionStorage.setItem("later", box.dataset.name); box.hidden = true; });
})();
