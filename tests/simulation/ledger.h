// Ledger: what must become of every message between the processes of several nodes. The counterpart of Model for
// `Town`: it knows the kernel's rules for other nodes and none of its data. Whatever is done to a kernel is
// written down here right after; what a process is given must be what stands here.
//
// All messages say "m" and their number. A thread is the request whose response an answer is: by its number.
// Residents are never deleted before the ledger is.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kernel/kernel.h"
#include "trace.h"
#include "violation.h"

namespace kinode::simulation {

/// One life of a process on one of the nodes.
struct Resident {
  uint64_t number;
  Address address;
  bool is_module = false;
  /// A module that takes requests of other nodes; guests do.
  bool is_reachable = true;
  bool may_use_network = false;
  bool is_alive = true;
  /// Requests in its mailbox.
  size_t waiting = 0;
  /// The order of what it took last, by sender and connection.
  std::map<std::pair<uint64_t, uint64_t>, uint64_t> taken = {};

  [[nodiscard]] std::string name() const { return address.text() + "#" + std::to_string(number); }
};

/// A request that a resident took, as what its answer needs.
struct Taken {
  kernel::Prompting prompting;
  uint64_t thread = 0;
};

/// A request on its way to the kernel, which may suspend it.
struct Posting {
  uint64_t number;
  kernel::Outgoing outgoing;
  std::optional<uint64_t> expects;
  std::optional<Instant> wait_until = std::nullopt;
};

class Ledger {
 public:
  using Carried = kernel::Network::Carried;

  Ledger(const Clock& clock, const kernel::Limits& limits, Trace& trace)
      : clock_(clock), limits_(limits), trace_(trace) {}

  // ---- residents --------------------------------------------------------------------------------

  Resident& move_in(Resident resident);
  /// It is killed.
  void move_out(Resident& resident);
  /// It is gone with all who lived there.
  void node_gone(const std::string& node);
  /// Who lives there; null: nobody.
  [[nodiscard]] Resident* find(const Address& address) const;
  [[nodiscard]] std::vector<Resident*> residents() const;

  // ---- what they do -----------------------------------------------------------------------------

  /// Writes down a request to be sent; `inherits` is the one that it inherits, if any.
  uint64_t write_request(const Resident& from, const Address& target, bool expects, const Taken* inherits);
  uint64_t write_response(const Resident& from, const Taken& request);
  /// The kernel said `status`, and the network `carried`, if it was asked. False: it is to be sent again.
  bool sent(Resident& from, Posting& posting, kernel::SendStatus status, std::optional<Carried> carried);
  void responded(Resident& from, const Taken& request, uint64_t number, std::optional<Carried> carried);
  /// A resident took this from its mailbox. None: it is no request, and none to be answered again.
  std::optional<Taken> receive(Resident& to, const kernel::Envelope& got);

  // ---- what the network does ----------------------------------------------------------------------

  /// The kernel gives `message` to the network, which says `carried`.
  void check_carried(const KernelMessage& message, Carried carried);
  /// It left on this connection.
  void transmitted(const KernelMessage& message, uint64_t connection);
  /// What `node` must say to it.
  [[nodiscard]] kernel::Kernel::Arrival judge(const std::string& node, const KernelMessage& message) const;
  void arrived(const std::string& node, const KernelMessage& message, kernel::Kernel::Arrival arrival);
  void undelivered(const KernelMessage& message);
  void refused(const std::string& node, const Address& asker, uint64_t id);
  /// Writes down a message that no kernel made; it gets the number that is next.
  uint64_t forge(const KernelMessage& message, uint64_t thread);
  [[nodiscard]] uint64_t next_number() const { return entries_.size() + 1; }

  void advance();

  // ---- for who forges -----------------------------------------------------------------------------

  struct Open {
    uint64_t number;
    uint64_t id;
    Address asker;
    Address target;
    bool has_left;
  };
  /// Requests that wait, of which the id was seen.
  [[nodiscard]] std::vector<Open> open() const;

  /// All is quiet: every request ended, and everything arrived.
  void check_finished() const;
  [[nodiscard]] bool is_full(const Resident& resident) const {
    return resident.waiting > 0 && resident.waiting >= limits_.mailbox_messages;
  }
  /// Fewer must wait before anybody is woken for the room.
  [[nodiscard]] bool is_crowded(const Resident& resident) const {
    return resident.waiting > limits_.mailbox_messages * 3 / 4;
  }

 private:
  struct Entry {
    bool is_response;
    bool expects;
    uint64_t thread;  // 0: nobody gets an answer
    Address source;
    Address target;
    std::optional<Address> rsvp;
    uint64_t sender;                   // its resident
    uint64_t order = 0;                // among all that were sent
    uint64_t connection = 0;           // 0: none
    const Resident* holder = nullptr;  // in whose mailbox it is, or was
    bool is_taken = false;
  };
  struct Question {
    Resident* asker;
    Address target;
    Instant due;
    std::set<const Resident*> responders;
    size_t left = 0;  // how often it left the node
    enum class End : uint8_t { none, response, timeout, offline } end = End::none;
    uint64_t response = 0;
    bool is_taken = false;

    [[nodiscard]] bool waits() const { return asker->is_alive && end == End::none; }
  };
  /// A response that its responder gets back.
  struct Return {
    const Resident* holder;
    SendErrorKind kind;
  };

  Entry& entry(uint64_t number);
  [[nodiscard]] const Question* question(uint64_t thread) const;
  void end(uint64_t thread, Question::End end, uint64_t response = 0);
  void refuse(Resident& from, const Posting& posting, Question::End end);
  bool wait_for_room(Resident& from, Posting& posting);
  /// It went to `target`; null: to another node.
  void went(Resident& from, const Posting& posting, Resident* target, Instant deadline);
  void check_id(uint64_t thread, uint64_t id);
  void take_request(Resident& to, const kernel::Envelope& got, Entry& entry, uint64_t number);
  void take_end(Resident& to, const kernel::Envelope& got, uint64_t number);
  void check_order(Resident& to, const Entry& entry, uint64_t number);

  const Clock& clock_;
  const kernel::Limits& limits_;
  Trace& trace_;
  std::vector<std::unique_ptr<Resident>> all_;
  std::map<std::string, Resident*> table_;
  std::deque<Entry> entries_;  // by number, from 1 on
  std::map<uint64_t, Question> questions_;
  std::map<uint64_t, Return> returns_;
  std::unordered_map<uint64_t, uint64_t> threads_;  // by the id that a kernel gave them
  std::unordered_map<uint64_t, uint64_t> ids_;      // the other way
  uint64_t orders_ = 0;
};

/// The number that a message says; 0: none.
uint64_t number_of(const Message& message);

}  // namespace kinode::simulation
