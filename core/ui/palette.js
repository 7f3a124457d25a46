// The palette: Ctrl+K (or Cmd+K) opens it anywhere, also inside inputs. What it shows is untrusted text and is only
// ever set as text. Python is asked as one types; an answer says for which text it is, late ones are dropped.
const PAUSE_MS = 90;
const ICONS = { page: "web_asset", view: "bookmark", model: "deployed_code", version: "sell", feature: "view_column", experiment: "science", run: "play_circle" };
const NAMES = { page: "Page", view: "View", model: "Model", version: "Version", feature: "Feature", experiment: "Experiment", run: "Run" };

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement;
  const palette = (root.palette ??= build(root));
  palette.send = setTriggerValue;
  palette.answer(data);
  document.addEventListener("keydown", palette.onShortcut, true);
  root.querySelector(".opener").dataset.ready = "true"; // from here on the shortcut is heard
  return () => document.removeEventListener("keydown", palette.onShortcut, true);
}

function build(root) {
  const dialog = root.querySelector("dialog");
  const input = root.querySelector("input");
  const list = root.querySelector("ul");
  const none = root.querySelector(".none");
  const count = root.querySelector(".count");
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  root.querySelector(".opener kbd").textContent = mac ? "⌘K" : "Ctrl+K";

  let hits = [], start = [], shownFor = "", chosen = 0, timer = 0, openWhenAnswered = false;
  const palette = { send: null };
  const typed = () => input.value.trim();

  function show(found, text) {
    hits = found; shownFor = text; chosen = 0;
    dialog.classList.toggle("busy", text !== typed());
    list.replaceChildren(...hits.map((hit, at) => row(hit, at, text)));
    none.hidden = hits.length > 0;
    count.textContent = text ? `${hits.length} found` : "";
    mark();
  }
  function row(hit, at, text) {
    const item = element("li", "");
    item.id = `hit-${at}`;
    item.setAttribute("role", "option");
    const icon = element("span", "icon", ICONS[hit.kind]);
    icon.setAttribute("aria-hidden", "true");
    const words = element("div", "words");
    const title = element("div", "title");
    title.append(...emphasised(hit.title, text));
    words.append(title, element("div", "about", hit.about));
    item.append(icon, words, element("span", "kind", NAMES[hit.kind]));
    item.addEventListener("mousemove", () => { if (chosen !== at) { chosen = at; mark(); } });
    item.addEventListener("click", () => { chosen = at; open(); });
    return item;
  }
  function mark() {
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    const item = list.children[chosen];
    if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  }
  function open() {
    if (shownFor !== typed()) { openWhenAnswered = true; return; }
    const hit = hits[chosen];
    if (!hit) return;
    dialog.close();
    palette.send("opened", { text: shownFor, at: chosen, title: hit.title });
  }
  function ask() {
    clearTimeout(timer);
    if (!typed()) { show(start, ""); return; }
    dialog.classList.add("busy");
    timer = setTimeout(() => palette.send("asked", typed()), PAUSE_MS);
  }
  function appear() {
    if (dialog.open) { input.select(); return; }
    input.value = "";
    openWhenAnswered = false;
    show(start, "");
    dialog.showModal();
    input.focus();
  }

  palette.answer = (data) => {
    start = data.start;
    if (data.text !== typed()) return;
    show(data.text ? data.hits : start, data.text);
    if (openWhenAnswered) { openWhenAnswered = false; open(); }
  };
  palette.onShortcut = (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      event.stopPropagation();
      appear();
    }
  };
  root.querySelector(".opener").addEventListener("click", appear);
  input.addEventListener("input", () => { openWhenAnswered = false; ask(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step && hits.length) {
      event.preventDefault();
      const turn = Math.abs(step) === 1;
      chosen = turn ? (chosen + step + hits.length) % hits.length : Math.min(Math.max(chosen + step, 0), hits.length - 1);
      mark();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      open();
    }
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); // one-letter shortcuts of the page stay out
  });
  return palette;
}

function element(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

function emphasised(title, text) {
  const at = text ? title.toLowerCase().indexOf(text.toLowerCase()) : -1;
  if (at < 0) return [document.createTextNode(title)];
  const end = at + text.length;
  return [document.createTextNode(title.slice(0, at)), element("b", "", title.slice(at, end)), document.createTextNode(title.slice(end))];
}
