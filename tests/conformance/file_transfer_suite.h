// What the cases of file-transfer share: the package of several publishers on one node, so that each has drives of
// its own, and an actor that plays a peer.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "package_builder.h"
#include "suite.h"

namespace kinode::conformance {

inline std::string transfer_process(const std::string& publisher) { return "file-transfer:file-transfer:" + publisher; }
// Who fetches, another who does, and who has the files.
inline const std::string fetcher = transfer_process("fetch.os");
inline const std::string second_fetcher = transfer_process("fetch-too.os");
inline const std::string holder = transfer_process("hold.os");

/// The package of another publisher, in `folder`.
inline std::string file_transfer_of(const std::filesystem::path& folder, const std::string& publisher) {
  PackageFolder package{.folder = folder / publisher, .package = "file-transfer", .publisher = publisher};
  package.manifest = Json::parse(read_file(built_package("file-transfer") + "/pkg/manifest.json"));
  for (const char* part : {"file-transfer", "file-transfer-worker"}) {
    package.files.emplace_back(std::string(part) + ".wasm", component(part));
  }
  return package.write();
}

inline NodeOptions file_transfer_node() {
  static const TempFolder folder;
  NodeOptions options{.bootstrap = {built_package("test-kit")}};
  for (const char* publisher : {"fetch.os", "fetch-too.os", "hold.os"}) {
    options.bootstrap.push_back(file_transfer_of(folder.path(), publisher));
  }
  return options;
}

/// Bytes that repeat nowhere soon.
inline std::string noise(size_t size, uint64_t seed = 1) {
  std::string bytes(size, 0);
  for (char& byte : bytes) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<char>(seed >> 56U);
  }
  return bytes;
}

/// The transfers of a node, seen from outside.
class TransferNode {
 public:
  explicit TransferNode(const NodeProcess& node) : node_(node) {}

  [[nodiscard]] static std::string drive(const std::string& process, const std::string& name) {
    return process.substr(process.find(':') + 1) + "/" + name;
  }
  [[nodiscard]] std::filesystem::path file(const std::string& process, const std::string& name) const {
    return node_.home() / "vfs" / drive(process, "files") / name;
  }
  [[nodiscard]] std::filesystem::path part(const std::string& name) const {
    return node_.home() / "vfs" / drive(fetcher, "partial") / (name + ".part");
  }
  [[nodiscard]] bool is_there(const std::string& name, const std::string& process = fetcher) const {
    return std::filesystem::exists(file(process, name));
  }
  /// Whether nothing is left of what was on its way.
  [[nodiscard]] bool has_no_part(const std::string& name) const {
    return !std::filesystem::exists(part(name)) && !std::filesystem::exists(part(name).replace_extension(".json"));
  }

  [[nodiscard]] Json order(const std::string& name, const std::string& from) const {
    return {{"Download", {{"name", name}, {"target", node_.address(from)}, {"is_requestor", true}}}};
  }
  /// What the answer to a Download has: {"Ok":null} or {"Err":text}.
  [[nodiscard]] Json download(const std::string& name, const std::string& from = holder,
                              const std::string& by = fetcher) const {
    return node_.ask(by, order(name, from)).json().at("Download");
  }
  /// Of one file, the transfers that a main process knows of.
  [[nodiscard]] Json status(const std::string& name, const std::string& of = fetcher) const {
    return node_.ask(of, {{"Status", {{"name", name}}}}).json().at("Status").at("transfers");
  }
  /// Waits for the end of a download that began after `from`; its status.
  [[nodiscard]] Json end_of(const std::string& name, size_t from, const std::string& by = fetcher) const {
    const std::string package = by.substr(by.find(':') + 1);
    node_.wait_for(package + ": download of " + name + ", ", from);
    return status(name, by).at(0);
  }
  /// The file fetched whole; what is known of it then.
  [[nodiscard]] Json fetch(const std::string& name) const {
    const size_t from = node_.mark();
    if (const Json begun = download(name); begun != Json{{"Ok", nullptr}}) {
      throw Failure("not begun: " + begun.dump());
    }
    return end_of(name, from);
  }

 private:
  const NodeProcess& node_;
};

/// An actor as sender of one file, which it has never seen.
class FakeSender {
 public:
  FakeSender(const NodeProcess& node, std::string name) : node_(node), name_(std::move(name)) {
    node_.connect(plain);
    const Json answer = steps(respond({{"Download", {{"Ok", nullptr}}}}), step("print", {{"message", asked}}));
    node_.act(plain, steps(step("events"), step("when", {{"event", "request"}, {"steps", answer}})));
  }

  /// Has the file fetched from it.
  void be_asked() {
    asked_until_ = node_.mark();
    const Json begun = TransferNode(node_).download(name_, plain);
    if (begun != Json{{"Ok", nullptr}}) {
      throw Failure("not begun: " + begun.dump());
    }
    be_asked_again();
    find_receiver(node_.step(plain, "events"));
  }
  /// Waits until it is asked once more.
  void be_asked_again() { asked_until_ = node_.wait_for(asked, asked_until_); }

  [[nodiscard]] const std::string& receiver() const { return receiver_; }
  /// The answer to a message, or the kind of the error.
  [[nodiscard]] Json say(const std::string& message, Json arguments, Json more = Json::object()) const {
    arguments["name"] = name_;
    const Json event = node_.step(plain, await(receiver_, {{message, std::move(arguments)}}, std::move(more)));
    return event["kind"] == "response" ? Json::parse(event["body"].get<std::string>()).at(message) : event["error"];
  }
  [[nodiscard]] Json offer(size_t size, const std::string& sha256) const {
    return say("Offer", {{"size", size}, {"sha256", sha256}});
  }
  [[nodiscard]] Json chunk(size_t offset, size_t length, Json blob) const {
    return say("Chunk", {{"offset", offset}, {"length", length}}, {{"blob", std::move(blob)}});
  }
  [[nodiscard]] Json finish() const { return say("Finish", Json::object()); }
  /// Without waiting for anything, as the first protocol has it.
  void tell(const Json& message, Json more = Json::object()) const {
    node_.act(plain, steps(send(receiver_, message, std::move(more))));
  }

 private:
  void find_receiver(const Json& events) {
    for (const Json& event : events) {
      if (event.is_object() && event.value("kind", "") == "request") {
        receiver_ = event["source"].get<std::string>();
      }
    }
    if (receiver_.empty()) {
      throw Failure("was not asked: " + events.dump());
    }
  }

  static inline const std::string asked = "the peer was asked";
  const NodeProcess& node_;
  std::string name_;
  std::string receiver_;
  size_t asked_until_ = 0;
};

}  // namespace kinode::conformance
