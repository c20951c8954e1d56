// A node and a browser for one case, and what ends them after it.
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const BUILD = process.env.KINODE_TEST_BUILD ?? path.resolve(__dirname, "../../build");
const CACHE = process.env.KINODE_CACHE ?? path.join(os.homedir(), ".cache/kinode");
const PICTURES = path.join(BUILD, "test-logs/web");
/// So long it waits for what must come, in milliseconds.
const PATIENCE = 60_000;

const CHROMIUM = "/usr/bin/chromium";

/// The driver, from npm's registry, kept beside what else is built once. Fails where this machine has no browser, or
/// cannot have the driver.
const driver = () => {
  if (!fs.existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}`);
  const folder = path.join(CACHE, "web-tests");
  const wanted = fs.readFileSync(path.join(__dirname, "package-lock.json"));
  const lock = path.join(folder, "package-lock.json");
  if (!fs.existsSync(path.join(folder, "node_modules")) || !fs.readFileSync(lock).equals(wanted)) {
    fs.mkdirSync(folder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) fs.copyFileSync(path.join(__dirname, file), path.join(folder, file));
    execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--prefix", folder], { stdio: "ignore" });
  }
  return require(path.join(folder, "node_modules/playwright-core"));
};

class Node {
  /// Resolves when its port answers.
  static async start(home, ...more) {
    const node = new Node();
    node.home = home;
    const words = [home, "--port", "0", "--detached", "--component-cache", path.join(CACHE, "conformance-components"),
      "--devnet", path.join(path.dirname(home), "devnet"), "--bootstrap", path.join(BUILD, "packages/test-kit"), ...more];
    node.process = spawn(path.join(BUILD, "bin/kinode"), words, { stdio: ["ignore", "pipe", "pipe"] });
    node.said = "";
    node.ended = new Promise((resolve) => node.process.on("exit", resolve));
    node.port = await new Promise((resolve, reject) => {
      const hear = (bytes) => {
        node.said += bytes;
        const found = /http:\/\/localhost:(\d+)/.exec(node.said);
        if (found) resolve(Number(found[1]));
      };
      node.process.stdout.on("data", hear);
      node.process.stderr.on("data", hear);
      node.ended.then(() => reject(new Error(`the node did not start:\n${node.said}`)));
    });
    node.url = `http://localhost:${node.port}`;
    return node;
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }

  /// The answer of a process to a request, as text.
  async ask(target, body) {
    const answer = await fetch(`${this.url}/rpc:distro:sys/message`, {
      method: "POST",
      body: JSON.stringify({ process: target, inherit: false, expects_response: 15, body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${target} answers ${answer.status} to ${JSON.stringify(body)}`);
    return Buffer.from((await answer.json()).body).toString();
  }

  /// Lets `from` message `to`.
  async allow(from, to) {
    const node = this.name;
    await this.ask("kernel:distro:sys", {
      GrantCapabilities: { target: from, capabilities: [{ issuer: `${node}@${to}`, params: '"messaging"' }] },
    });
  }
}

/// Runs one case; whatever it has begun ends with it.
const onStage = async (chromium, name, act) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kinode-web-"));
  const ends = [() => fs.rmSync(folder, { recursive: true, force: true })];
  const stage = {
    folder,
    async node(...more) {
      const node = await Node.start(path.join(folder, "home"), "--fake-node-name", "test.os", ...more);
      node.name = "test.os";
      ends.push(() => node.process.kill("SIGKILL"));
      return node;
    },
    async page(options = {}) {
      const context = await (await stage.browser()).newContext({ viewport: { width: 1100, height: 750 }, ...options });
      context.setDefaultTimeout(PATIENCE);
      const page = await context.newPage();
      page.faults = [];
      page.on("pageerror", (error) => page.faults.push(error.message));
      return page;
    },
    async browser() {
      if (!stage.opened) {
        stage.opened = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
        ends.push(() => stage.opened.close());
      }
      return stage.opened;
    },
    async picture(page, what) {
      fs.mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: path.join(PICTURES, `${name}-${what}.png`), fullPage: true });
    },
  };
  try {
    await act(stage);
  } finally {
    for (const end of ends.reverse()) await end();
  }
};

module.exports = { driver, onStage };
