// A process with a Conversation in which the test stands in the guest's place: it makes the calls that
// a guest would make, at any time, and says when and how the process ends.
//
//   Guest& alice = node.add_guest("alice:test:sys");
//   alice.send(to(bob.address(), "ping", 5));
//   EXPECT_EQ(bob.next(), "request ping");
//   bob.respond("pong");
//   EXPECT_EQ(alice.next(), "response pong");
//
// A poll does nothing but count itself: so the test sees whether the kernel woke the process, and a
// mailbox stays full until the test receives. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "kernel/conversation.h"
#include "kernel/envelope.h"
#include "kernel/process.h"

namespace kinode::kernel::testing {

/// A request to send. The test changes what is not said here.
GuestRequest to(const Address& target, std::string_view body, std::optional<uint64_t> expects_response = {});
GuestRequest inheriting(const Address& target, std::string_view body, std::optional<uint64_t> expects_response = {});
Response answer(std::string_view body, bool inherit = false);
Blob blob(std::string_view bytes);

/// "request BODY", "response BODY", "timeout BODY", "offline BODY" with the body of the message given
/// back, or "-" for null.
std::string describe(const Envelope* envelope);

class Guest {
 public:
  explicit Guest(Address address) : address_(std::move(address)) {}

  [[nodiscard]] const Address& address() const { return address_; }
  [[nodiscard]] const ProcessId& id() const { return address_.process(); }
  /// Whether there is a process; how often one was made; how often it was polled, over all lives.
  [[nodiscard]] bool alive() const { return context_ != nullptr; }
  [[nodiscard]] size_t lives() const { return lives_; }
  [[nodiscard]] size_t polls() const { return polls_; }

  /// Of its present life; there must be one.
  [[nodiscard]] Conversation& conversation() const;
  [[nodiscard]] ProcessContext& context() const;

  Progress::Kind send(GuestRequest request) const;
  /// The next of the mailbox, described. `last` has it until the next call.
  std::string next();
  /// Sends and awaits: the response or error described, "pending", or "trap: REASON".
  std::string await(GuestRequest request);
  std::string resume_await();
  [[nodiscard]] const Envelope& last() const;
  void respond(std::string_view body) const { conversation().respond(answer(body), std::nullopt); }
  /// The blob of the message received last, or "-".
  [[nodiscard]] std::string get_blob() const;

  /// Has the next poll end the process, and asks for that poll.
  void end(Process::Poll how);

 private:
  class Body;
  friend class TestNode;
  /// What the kernel makes of this guest's program.
  std::unique_ptr<Process> make(ProcessContext& context);
  std::string finish(const Progress& progress, const Envelope* envelope);

  const Address address_;
  const Body* body_ = nullptr;
  ProcessContext* context_ = nullptr;
  std::unique_ptr<Conversation> conversation_;
  const Envelope* last_ = nullptr;
  std::optional<Process::Poll> ending_;
  size_t lives_ = 0;
  size_t polls_ = 0;
};

}  // namespace kinode::kernel::testing
