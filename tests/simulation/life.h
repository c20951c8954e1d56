// Life: what the model knows of one life of one process. A process that starts again has another.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kernel/envelope.h"
#include "letter.h"

namespace kinode::simulation {

struct Life;

/// A request that a process is handling, or handled once.
struct Handled {
  /// The number of the request whose response its answer is: its own, or that of the one it inherited.
  uint64_t thread = 0;
  Address source;
  std::optional<Address> rsvp;
  std::optional<std::string> blob;

  [[nodiscard]] const Address& answer_to() const { return rsvp ? *rsvp : source; }
};

/// A request that its sender gave to the node.
struct Sent {
  Letter letter;
  std::shared_ptr<const Handled> handled = nullptr;
  bool awaited = false;
  /// Where it stands before a full mailbox.
  std::optional<Instant> wait_until = std::nullopt;
  /// Of a request that expects a response, as of the last attempt.
  Instant deadline = {};
};

/// What a process must find in its mailbox.
struct Arrival {
  kernel::Envelope::Kind kind = kernel::Envelope::Kind::request;
  SendErrorKind error = SendErrorKind::timeout;  // of a send_error
  std::shared_ptr<const Letter> letter;          // what was sent, or is given back
  bool gives_back_response = false;              // for a send_error
  uint64_t thread = 0;                           // as in Handled
  Address source;
  Address target;
  std::optional<Address> rsvp = std::nullopt;
  std::optional<std::string> context = std::nullopt;  // of the request that it ends
  std::shared_ptr<const Handled> handled = nullptr;   // what is handled again
  /// The number of the request that it ends; 0: none.
  uint64_t ends = 0;
  /// Arrivals of one group, which stand together, come in any order; 0: no group.
  uint64_t group = 0;
  /// How many writes were made when it was sent.
  uint64_t rests_on = 0;

  /// What a mailbox's limit counts for it.
  [[nodiscard]] size_t bytes() const;
};

/// A request that waits for its end.
struct Asked {
  std::shared_ptr<const Letter> letter;
  Life* asker;
  std::set<Life*> responders;
  std::shared_ptr<const Handled> handled;  // when it was asked
  bool awaited = false;
  Instant due;
  uint64_t order = 0;  // in which it was asked
};

/// What the WIT interface remembers for a guest.
struct Memory {
  std::shared_ptr<const Handled> handled;
  std::optional<std::string> last_blob;
  bool has_blob = false;
  std::optional<std::string> inheritable;
  CapabilityMap received;

  /// What a delivery changes.
  void take_in(const Arrival& arrival, bool awaited);
};

struct Life {
  enum class Kind : uint8_t { guest, module, kernel };
  enum class Stage : uint8_t { initialized, running, backing_off, ended };
  enum class Waits : uint8_t { nothing, message, end, room, state };

  uint64_t number;
  Address address;
  Kind kind;
  bool exempt = false;
  bool is_public = false;
  Stage stage = Stage::initialized;
  std::string handle;
  OnExit on_exit;
  CapabilityMap capabilities;
  /// Of a process of the runtime: those that it did not start with, which the store has.
  CapabilityMap granted;

  std::deque<Arrival> mailbox;
  std::optional<Arrival> awaited;
  std::deque<Sent> sending;  // a guest's, before a full mailbox
  Waits waits = Waits::nothing;
  bool over_limit = false;
  std::optional<Instant> wake_at;

  std::optional<Instant> next_start;  // before this it has to wait when it starts again
  uint32_t attempts = 0;
  Instant starts_at;  // when it is backing off
  bool was_stored = false;
  bool was_polled = false;
  Memory memory;

  // Of get-state.
  bool state_answered = false;
  std::optional<std::string> state;

  [[nodiscard]] bool ended() const { return stage == Stage::ended; }
  /// What the store must have of its capabilities.
  [[nodiscard]] const CapabilityMap& stored_capabilities() const {
    return kind == Kind::guest ? capabilities : granted;
  }
  [[nodiscard]] bool lasts() const { return kind == Kind::guest && on_exit.kind != OnExit::Kind::none; }
  [[nodiscard]] size_t requests() const;
  [[nodiscard]] size_t ends() const { return mailbox.size() - requests(); }
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] std::string name() const { return short_name(address) + "#" + std::to_string(number); }
};

}  // namespace kinode::simulation
