// A node for kit's tests: a real listener, behind it what the test says.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "kit/kit.h"
#include "modules/http_server/http_listener.h"
#include "modules/http_server/rpc/rpc_message.h"

namespace kinode::kit {

class FakeNode final : public modules::HttpSite {
 public:
  FakeNode() {
    auto opened = modules::HttpListener::open({.bind_address = "127.0.0.1", .port = 0});
    EXPECT_TRUE(opened) << opened.error().message;
    listener_ = *opened;
    listener_->start(*this);
  }
  ~FakeNode() override { listener_->stop(); }

  [[nodiscard]] uint16_t port() const { return listener_->port(); }

  /// What is said next, one after another.
  void answer(modules::HttpAnswer answer) {
    std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  void reply(std::string_view body, std::optional<Blob> blob = std::nullopt) {
    answer(
        {.content_type = "text/html", .body = Bytes::from(rpc::write_reply({Bytes::copy_of(body), std::move(blob)}))});
  }
  /// The messages that came.
  std::vector<rpc::RpcRequest> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  void limit_body(size_t bytes) { body_limit_ = bytes; }

  std::expected<size_t, modules::HttpAnswer> admit(const modules::HttpHead&, const modules::HttpPeer&) override {
    return body_limit_;
  }
  void handle(std::shared_ptr<modules::HttpExchange> exchange) override {
    auto request = rpc::parse_request(exchange->request.body());
    std::lock_guard lock(mutex_);
    if (!request || modules::path_of(exchange->request.base()) != rpc::path || answers_.empty()) {
      exchange->answer(modules::text_answer(modules::HttpStatus::not_implemented, "not expected"));
      return;
    }
    requests_.push_back(*request);
    exchange->answer(std::move(answers_.front()));
    answers_.pop_front();
  }

 private:
  std::shared_ptr<modules::HttpListener> listener_;
  std::mutex mutex_;
  std::deque<modules::HttpAnswer> answers_;
  std::vector<rpc::RpcRequest> requests_;
  std::atomic<size_t> body_limit_ = size_t{64} << 20;
};

/// A folder for one test.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = testing::TempDir() + "kit-XXXXXX";
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  [[nodiscard]] std::string path(std::string_view below = "") const {
    return below.empty() ? path_ : path_ + "/" + std::string(below);
  }
  std::string write(std::string_view below, std::string_view content) const {
    std::filesystem::create_directories(std::filesystem::path(path(below)).parent_path());
    std::ofstream(path(below), std::ios::binary) << content;
    return path(below);
  }

 private:
  std::string path_;
};

/// kit, run with these arguments.
struct Ran {
  int status;
  std::string out;
  std::string err;
};
inline Ran run_kit(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "kit");
  std::ostringstream out;
  std::ostringstream err;
  const int status = run(arguments, {out, err});
  return {status, out.str(), err.str()};
}

}  // namespace kinode::kit
