// HttpClientModule behind its mailbox, in a kernel, with real servers, and two processes that ask it: alice may reach
// this machine, bob may not.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/testing/temp_folder.h"
#include "kernel/testing/test_node.h"
#include "modules/http_client/http_client_module.h"
#include "modules/http_client/testing/test_server.h"

namespace kinode::modules::http_client {

using Json = nlohmann::json;
using kernel::Envelope;
using kernel::testing::Puppet;
using kernel::testing::TestNode;
using ::testing::AllOf;
using testing::Authority;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestConnection;
using testing::TestFrame;
using testing::TestRequest;
using testing::TestServer;
using namespace std::chrono_literals;

inline const std::string acknowledged = R"({"Ok":"WebSocketAck"})";

class HttpClientTest : public ::testing::Test {
 protected:
  /// What no wait of a test takes; there only to end one that waits in vain.
  static constexpr std::chrono::seconds patience{30};

  HttpClientTest() {
    const std::string ca_file = folder_.path() / "ca.pem";
    std::ofstream(ca_file) << authority().certificate();
    settings_.ca_file = ca_file;
  }
  ~HttpClientTest() override { stop(); }

  static const Authority& authority() {
    static const Authority one;
    return one;
  }
  /// With what `settings_` says; else at the first question.
  void start(TestNode::Options options = {}) {
    client_ = HttpClient::open(settings_).value();
    node_ = std::make_unique<TestNode>(std::move(options));
    node_->kernel.add_module(HttpClientModule::id(), false, [&](kernel::ProcessContext& context) {
      return std::make_unique<HttpClientModule>(context, *client_);
    });
    node_->run();
    alice_ = &add("alice:chat:a.os", true);
    bob_ = &add("bob:other:b.os", false);
  }
  void stop() {
    if (client_) {
      client_->stop();
    }
    node_.reset();
    client_.reset();
  }
  Puppet& alice() { return process(alice_); }
  Puppet& bob() { return process(bob_); }
  Puppet& add(std::string_view id, bool may_reach_local) {
    Puppet& puppet = node_->add_puppet(id);
    node_->connect(puppet.address(), module_address());
    if (may_reach_local) {
      const Capability local = Capability::make(module_address(), R"({"local": true})").value();
      EXPECT_TRUE(node_->kernel.grant(puppet.address().process(), {local}));
    }
    return puppet;
  }
  [[nodiscard]] Address module_address() const { return node_->local("http-client:distro:sys"); }

  static Json http(const std::string& url, const std::string& method = "GET", Json headers = Json::object()) {
    return {{"Http", {{"method", method}, {"version", nullptr}, {"url", url}, {"headers", std::move(headers)}}}};
  }
  static Json open(const std::string& url, uint32_t channel = 1, Json headers = Json::object()) {
    return {{"WebSocketOpen", {{"url", url}, {"headers", std::move(headers)}, {"channel_id", channel}}}};
  }
  static Json push(const std::string& type, uint32_t channel = 1) {
    return {{"WebSocketPush", {{"channel_id", channel}, {"message_type", type}}}};
  }
  static Json close(uint32_t channel = 1) { return {{"WebSocketClose", {{"channel_id", channel}}}}; }

  void send(Puppet& from, const Json& action, std::optional<std::string_view> blob = {},
            std::optional<uint64_t> seconds = 60) {
    const auto bytes = blob ? std::optional(Blob{std::nullopt, Bytes::copy_of(*blob)}) : std::nullopt;
    EXPECT_EQ(from.request(module_address(), action.dump(), seconds, bytes), kernel::SendStatus::sent);
  }
  /// The next thing that a process gets; null where nothing comes.
  std::unique_ptr<Envelope> next(Puppet& from) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      node_->run();
      if (auto envelope = from.take()) {
        return envelope;
      }
      node_->executor.wait_ready(1s);
    }
    return nullptr;
  }
  /// Its body; its blob is `blob_` then.
  std::string next_body(Puppet& from) {
    const std::unique_ptr<Envelope> envelope = next(from);
    if (envelope == nullptr) {
      return "nothing came";
    }
    blob_ = envelope->blob;
    if (envelope->kind == Envelope::Kind::send_error) {
      return "timeout";
    }
    return std::string(envelope->kind == Envelope::Kind::response ? envelope->response().body.text()
                                                                  : envelope->request().body.text());
  }
  std::string ask(Puppet& from, const Json& action, std::optional<std::string_view> blob = {}, uint64_t seconds = 60) {
    send(from, action, blob, seconds);
    return next_body(from);
  }
  [[nodiscard]] std::string blob() const { return blob_ ? std::string(blob_->bytes.text()) : "no blob"; }
  /// The text of {"Err":{"ExecuteRequestFailed":text}}, or the whole answer.
  std::string failure(Puppet& from, const Json& action, uint64_t seconds = 60) {
    const std::string answer = ask(from, action, {}, seconds);
    const Json json = Json::parse(answer, nullptr, false);
    const Json error = json.is_object() ? json.value("Err", Json()) : Json();
    return error.is_object() && error.contains("ExecuteRequestFailed")
               ? error["ExecuteRequestFailed"].get<std::string>()
               : answer;
  }
  /// The status of an answer; 0 for an error.
  static unsigned status(const std::string& answer) {
    const Json json = Json::parse(answer);
    return json.contains("Ok") ? json["Ok"]["Http"]["status"].get<unsigned>() : 0;
  }

  Settings settings_;
  std::optional<Blob> blob_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<TestNode> node_;

 private:
  Puppet& process(Puppet*& puppet) {
    if (!node_) {
      start();
    }
    return *puppet;
  }

  kernel::testing::TempFolder folder_;
  Puppet* alice_ = nullptr;
  Puppet* bob_ = nullptr;
};

}  // namespace kinode::modules::http_client
