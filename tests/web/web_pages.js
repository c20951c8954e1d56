// What people see of a node, in headless Chromium; see README.md.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { driver, onStage } = require("./stage.js");

const ACTOR = "actor:test-kit:test.os";
const HOMEPAGE = "homepage:homepage:sys";
const PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const logIn = async (page, node, at = "/") => {
  await page.goto(node.url + at);
  await page.getByLabel("Password").fill("secret");
  await page.getByRole("button", { name: "Log in" }).click();
};

/// Has a process of the test kit send requests to the home page.
const show = async (node, ...requests) => {
  await node.allow("http-server:distro:sys", ACTOR);
  await node.allow(ACTOR, "http-server:distro:sys");
  await node.allow(ACTOR, HOMEPAGE);
  const steps = requests.map((request) => ({ do: "send", to: HOMEPAGE, body: JSON.stringify(request) }));
  await node.ask(ACTOR, { steps });
};

const labels = (page) => page.locator("#apps .tile").allInnerTexts().then((texts) => texts.map((text) => text.split("\n").pop()));

const cases = {
  async login(stage) {
    const node = await stage.node();
    const page = await stage.page();
    await page.goto(node.url);
    assert.equal(await page.title(), "Log in to test.os");
    await stage.picture(page, "asked");
    await logIn(page, node);
    await page.getByRole("heading", { name: "test.os" }).waitFor();
    await page.getByText("No app shows itself here yet.").or(page.locator("#apps .tile").first()).first().waitFor();
    const cookies = await page.context().cookies();
    assert.ok(cookies.some((cookie) => cookie.name === "kinode-auth_test.os" && cookie.httpOnly && cookie.sameSite !== "None"));
    await page.getByRole("button", { name: "Log out" }).click();
    await page.goto(node.url);
    assert.equal(await page.title(), "Log in to test.os");
  },

  async home_page_shows_and_arranges_apps(stage) {
    const node = await stage.node();
    await show(node, { Add: { label: "Actor <b>", icon: PICTURE, path: "/", widget: null } });
    const page = await stage.page();
    await logIn(page, node);
    await page.getByRole("link", { name: "Actor <b>" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Actor <b>" }).getAttribute("href"), `/${ACTOR}`);

    // By keyboard alone: arrange, then move it before all others.
    await page.getByRole("button", { name: "Arrange" }).focus();
    await page.keyboard.press("Enter");
    const earlier = page.getByRole("button", { name: "Move Actor <b> earlier" });
    await earlier.focus();
    while ((await labels(page))[0] !== "Actor <b>") {
      const before = (await labels(page)).join();
      await page.keyboard.press("Enter");
      await page.waitForFunction((old) => [...document.querySelectorAll("#apps .tile")].map((tile) => tile.innerText.split("\n").pop()).join() !== old, before);
    }
    await page.getByRole("button", { name: "Make Actor <b> a favorite" }).click();
    await page.getByRole("button", { name: "Actor <b> is a favorite" }).waitFor();
    await stage.picture(page, "arranged");
    await page.reload();
    await page.getByRole("link", { name: "Actor <b>" }).waitFor();
    assert.equal((await labels(page))[0], "Actor <b>");
    assert.deepEqual(page.faults, []);
  },

  async a_widget_is_shown_and_reaches_nothing(stage) {
    const node = await stage.node();
    const widget = `<p id="said"></p><script>
      let said = [];
      try { said.push("parent " + parent.document.title); } catch { said.push("no parent"); }
      try { said.push("cookie " + document.cookie); } catch { said.push("no cookie"); }
      fetch("/apps").then((answer) => said.push("fetched " + answer.status), () => said.push("no fetch"))
        .then(() => document.getElementById("said").textContent = said.join(", "));
    </script>`;
    await show(node, { Add: { label: "Actor", widget } });
    const page = await stage.page();
    await logIn(page, node);
    const said = page.frameLocator("iframe[title=Actor]").locator("#said");
    await said.filter({ hasText: "," }).waitFor();
    assert.equal(await said.innerText(), "no parent, no cookie, no fetch");
    await stage.picture(page, "widget");
  },

  async pages_fit_a_phone_in_light_and_dark(stage) {
    const node = await stage.node();
    await show(node, { Add: { label: "A label that is rather long for a phone", icon: PICTURE, path: "/" } });
    for (const colorScheme of ["light", "dark"]) {
      const page = await stage.page({ viewport: { width: 360, height: 640 }, colorScheme });
      await page.goto(node.url);
      await stage.picture(page, `login-${colorScheme}`);
      const grounds = [await page.evaluate(() => getComputedStyle(document.body).backgroundColor)];
      await logIn(page, node);
      await page.locator("#apps .tile").first().waitFor();
      grounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
      await stage.picture(page, `home-${colorScheme}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
      for (const ground of grounds) {
        const brightness = Math.max(...ground.match(/\d+/g).slice(0, 3).map(Number));
        assert.ok(colorScheme === "dark" ? brightness < 64 : brightness > 192, `${colorScheme}: ${ground}`);
      }
    }
  },
};

/// In the form of GoogleTest, which ./test counts.
const report = (results) => {
  const where = process.env.GTEST_OUTPUT ?? "";
  if (!where.startsWith("xml:")) return;
  const entries = results.map(({ name, wrong }) => `<testcase name="${name}" result="completed">${wrong ? "<failure/>" : ""}</testcase>`);
  const failures = results.filter(({ wrong }) => wrong).length;
  fs.writeFileSync(where.slice(4), `<testsuites tests="${results.length}" failures="${failures}">${entries.join("")}</testsuites>\n`);
};

const main = async () => {
  const words = process.argv.slice(2);
  let chromium;
  try {
    ({ chromium } = driver());
  } catch (error) {
    console.log(`note: no page was opened: ${error.message}`);
    return report([]);
  }
  const results = [];
  for (const [name, act] of Object.entries(cases)) {
    if (words.length && !words.some((word) => name.includes(word))) continue;
    let wrong = "";
    try {
      await onStage(chromium, name, act);
    } catch (error) {
      wrong = error.stack;
    }
    console.log(`${wrong ? "FAILED" : "ok    "} ${name}${wrong ? `\n${wrong}` : ""}`);
    results.push({ name, wrong });
  }
  report(results);
  const failed = results.filter(({ wrong }) => wrong).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  process.exit(failed || !results.length ? 1 : 0);
};

main();
