#include "kernel/testing/guest.h"

#include <utility>

#include "base/check.h"

namespace kinode::kernel::testing {

GuestRequest to(const Address& target, std::string_view body, std::optional<uint64_t> expects_response) {
  return {.target = target,
          .request = {.expects_response = expects_response, .body = Bytes::copy_of(body)},
          .context = std::nullopt,
          .blob = std::nullopt};
}

GuestRequest inheriting(const Address& target, std::string_view body, std::optional<uint64_t> expects_response) {
  GuestRequest request = to(target, body, expects_response);
  request.request.inherit = true;
  return request;
}

Response answer(std::string_view body, bool inherit) {
  return {.inherit = inherit, .body = Bytes::copy_of(body), .metadata = std::nullopt, .capabilities = {}};
}

Blob blob(std::string_view bytes) { return {std::nullopt, Bytes::copy_of(bytes)}; }

std::string describe(const Envelope* envelope) {
  if (envelope == nullptr) {
    return "-";
  }
  std::string body = std::visit([](const auto& part) { return std::string(part.body.text()); }, envelope->message);
  switch (envelope->kind) {
    case Envelope::Kind::request:
      return "request " + body;
    case Envelope::Kind::response:
      return "response " + body;
    case Envelope::Kind::send_error:
      return (envelope->error == SendErrorKind::timeout ? "timeout " : "offline ") + body;
  }
  return "?";
}

/// The process: alive as long as the kernel lets it.
class Guest::Body final : public Process {
 public:
  explicit Body(Guest& guest) : guest_(guest) {}
  ~Body() override {
    if (guest_.body_ == this) {
      guest_.body_ = nullptr;
      guest_.context_ = nullptr;
      guest_.conversation_.reset();
      guest_.last_ = nullptr;
    }
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  Poll poll() override {
    ++guest_.polls_;
    std::optional<Poll> ending = std::exchange(guest_.ending_, std::nullopt);
    return ending ? *ending : Poll{};
  }

 private:
  Guest& guest_;
};

std::unique_ptr<Process> Guest::make(ProcessContext& context) {
  auto body = std::make_unique<Body>(*this);
  body_ = body.get();
  context_ = &context;
  conversation_ = std::make_unique<Conversation>(context);
  last_ = nullptr;
  ++lives_;
  return body;
}

Conversation& Guest::conversation() const {
  KINODE_CHECK(conversation_ != nullptr, "{} has no process", address_.text());
  return *conversation_;
}

ProcessContext& Guest::context() const {
  KINODE_CHECK(context_ != nullptr, "{} has no process", address_.text());
  return *context_;
}

Progress::Kind Guest::send(GuestRequest request) const {
  std::vector<GuestRequest> requests;
  requests.push_back(std::move(request));
  return conversation().send(std::move(requests)).kind;
}

std::string Guest::next() {
  last_ = conversation().receive();
  return describe(last_);
}

std::string Guest::finish(const Progress& progress, const Envelope* envelope) {
  switch (progress.kind) {
    case Progress::Kind::done:
      last_ = envelope;
      return describe(last_);
    case Progress::Kind::pending:
      return "pending";
    case Progress::Kind::trap:
      return "trap: " + progress.trap_reason;
  }
  return "?";
}

std::string Guest::await(GuestRequest request) {
  const Envelope* envelope = nullptr;
  Progress progress = conversation().send_and_await(std::move(request), envelope);
  return finish(progress, envelope);
}

std::string Guest::resume_await() {
  const Envelope* envelope = nullptr;
  Progress progress = conversation().resume_await(envelope);
  return finish(progress, envelope);
}

const Envelope& Guest::last() const {
  KINODE_CHECK(last_ != nullptr, "{} received nothing", address_.text());
  return *last_;
}

std::string Guest::get_blob() const {
  const Blob* found = conversation().get_blob();
  return found == nullptr ? "-" : std::string(found->bytes.text());
}

void Guest::end(Process::Poll how) {
  ending_ = std::move(how);
  context().wake();
}

}  // namespace kinode::kernel::testing
