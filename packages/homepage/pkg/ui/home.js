// The home page: shows the apps that homepage:homepage:sys knows, and lets the owner arrange them.
"use strict";

const list = document.getElementById("apps");
const notice = document.getElementById("status");
const arrange = document.getElementById("arrange");
let apps = [];
let arranging = false;

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const post = async (path, body) => {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`The node answered ${answer.status}.`);
};

const attempt = async (work) => {
  try {
    await work();
  } catch (error) {
    notice.textContent = `That did not work: ${error.message}`;
  }
};

// Only pictures that are part of the text: nothing is loaded from elsewhere.
const icon = (app) =>
  /^data:image\//.test(app.base64_icon ?? "")
    ? element("img", { src: app.base64_icon, alt: "", width: 48, height: 48 })
    : element("span", { className: "letter", ariaHidden: "true" }, app.label.trim().charAt(0).toUpperCase() || "?");

const move = (app, by) => attempt(async () => {
  const from = apps.indexOf(app);
  const to = from + by;
  if (to < 0 || to >= apps.length) return;
  apps.splice(to, 0, ...apps.splice(from, 1));
  await post("/order", apps.map((each, place) => [each.id, place]));
  show();
  list.children[to].querySelector(by < 0 ? ".earlier" : ".later").focus();
  notice.textContent = `${app.label} is number ${to + 1} of ${apps.length}.`;
});

const favor = (app) => attempt(async () => {
  await post("/favorite", [app.id, !app.favorite]);
  app.favorite = !app.favorite;
  show();
  list.children[apps.indexOf(app)].querySelector(".favor").focus();
});

const button = (className, label, text, act) =>
  element("button", { className: `quiet ${className}`, ariaLabel: label, onclick: act }, text);

const tools = (app) =>
  element("div", { className: "tools" },
    button("earlier", `Move ${app.label} earlier`, "←", () => move(app, -1)),
    button("favor", app.favorite ? `${app.label} is a favorite: make it none` : `Make ${app.label} a favorite`,
      app.favorite ? "★" : "☆", () => favor(app)),
    button("later", `Move ${app.label} later`, "→", () => move(app, 1)));

const tile = (app) => {
  const name = element("span", {}, app.label);
  const face = app.path
    ? element("a", { href: app.path, className: "tile" }, icon(app), name)
    : element("div", { className: "tile" }, icon(app), name);
  face.title = app.id;
  if (app.favorite) face.classList.add("favorite");
  return element("li", {}, face, ...(arranging ? [tools(app)] : []));
};

const widget = (app) => {
  const frame = element("iframe", { src: `/widget?app=${encodeURIComponent(app.id)}`, title: app.label, loading: "lazy" });
  frame.sandbox = "allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation";
  return frame;
};

const show = () => list.replaceChildren(...apps.map(tile));

const load = () => attempt(async () => {
  const answer = await fetch("/apps");
  if (!answer.ok) throw new Error(`the node answered ${answer.status}`);
  apps = await answer.json();
  notice.textContent = apps.length ? "" : "No app shows itself here yet.";
  show();
  const shown = apps.filter((app) => app.widget);
  document.getElementById("widgets").replaceChildren(...shown.map(widget));
  document.getElementById("widgets-section").hidden = !shown.length;
});

arrange.onclick = () => {
  arranging = !arranging;
  arrange.ariaPressed = String(arranging);
  arrange.textContent = arranging ? "Done" : "Arrange";
  show();
};

if (window.our?.node) {
  document.title = window.our.node;
  document.getElementById("node").textContent = window.our.node;
}
load();
