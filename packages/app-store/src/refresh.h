#pragma once

#include <kinode/process.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "listings.h"

namespace app_store {

/// Asks other nodes for the listings that they know, one node after the other, a page at a time:
///
///     {"GetListings":{"since":n}}
///       -> {"GetListings":{"listings":[{"sequence","listing"},...],"last":n,"epoch":n}}
///
/// All that a round knows travels in the contexts of its requests, so several may be under way, and whoever asked for
/// one is answered at its end: the node has us handle his request again with each answer.
class Refresh {
 public:
  /// `accepted` is called for each listing that was news; `ended` when a round that somebody waits for is over, while
  /// his request is being handled.
  Refresh(Listings& listings, std::function<void(const Listing&)> accepted,
          std::function<void(const kinode::Json&)> ended)
      : listings_(listings), accepted_(std::move(accepted)), ended_(std::move(ended)) {}

  void begin(std::vector<std::string> nodes, bool is_awaited);
  /// False: it is no answer to a question of ours.
  bool answer(const std::expected<kinode::Message, kinode::SendError>& event);

  /// The answer to another node's question.
  static kinode::Json listings_since(const Listings& listings, const kinode::Json& arguments);

 private:
  /// One round. `since` is where the next page of the first node begins, in its `epoch`; `settled`, up to where nothing
  /// is left to be seen again.
  struct Round {
    std::vector<std::string> nodes;
    uint64_t epoch = 0;
    uint64_t since = 0;
    uint64_t settled = 0;
    bool all_settled = true;
    uint64_t pages = 0;
    uint64_t accepted = 0;
    uint64_t refused = 0;
    bool is_awaited = false;
    std::vector<std::string> failures;
  };
  static kinode::Json to_json(const Round& round);
  static std::optional<Round> round_of(const std::optional<kinode::Bytes>& context);

  /// Begins with the first of the nodes that are left, or ends the round.
  void next_node(Round round);
  void ask(const Round& round) const;
  /// Whether there is more to ask of the same node.
  bool take_page(Round& round, const kinode::Message& message);
  void take(Round& round, uint64_t sequence, const kinode::Json& listing);
  static void fail(Round& round, std::string why);

  Listings& listings_;
  std::function<void(const Listing&)> accepted_;
  std::function<void(const kinode::Json&)> ended_;
};

}  // namespace app_store
