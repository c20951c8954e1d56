#include "refresh.h"

#include <algorithm>
#include <utility>

#include "messages.h"

namespace app_store {

using kinode::Json;
using kinode::member;
using kinode::number_member;

namespace {

constexpr uint64_t answer_timeout_s = 30;
constexpr size_t longest_page = size_t{4} << 20U;
/// Of one node in one round; the next round goes on.
constexpr uint64_t most_pages = 256;
constexpr uint64_t most_refusals_shown = 8;

const kinode::ProcessId chain{"chain", "app-store", "sys"};

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& each : list) {
    if (each.is_string()) texts.push_back(each.get<std::string>());
  }
  return texts;
}

}  // namespace

Json Refresh::to_json(const Round& round) {
  return {{"nodes", round.nodes},
          {"epoch", round.epoch},
          {"since", round.since},
          {"settled", round.settled},
          {"all_settled", round.all_settled},
          {"pages", round.pages},
          {"accepted", round.accepted},
          {"refused", round.refused},
          {"is_awaited", round.is_awaited},
          {"failures", round.failures}};
}

std::optional<Refresh::Round> Refresh::round_of(const std::optional<kinode::Bytes>& context) {
  const auto json = context ? kinode::parse_json(context->text()) : std::nullopt;
  if (!json || !member(*json, "nodes").is_array()) return std::nullopt;
  return Round{.nodes = texts_of(member(*json, "nodes")),
               .epoch = number_member(*json, "epoch").value_or(0),
               .since = number_member(*json, "since").value_or(0),
               .settled = number_member(*json, "settled").value_or(0),
               .all_settled = kinode::bool_member(*json, "all_settled").value_or(true),
               .pages = number_member(*json, "pages").value_or(0),
               .accepted = number_member(*json, "accepted").value_or(0),
               .refused = number_member(*json, "refused").value_or(0),
               .is_awaited = kinode::bool_member(*json, "is_awaited").value_or(false),
               .failures = texts_of(member(*json, "failures"))};
}

void Refresh::begin(std::vector<std::string> nodes, bool is_awaited) {
  next_node({.nodes = std::move(nodes), .is_awaited = is_awaited, .failures = {}});
}

void Refresh::next_node(Round round) {
  if (round.nodes.empty()) {
    for (const std::string& failure : round.failures) kinode::print(1, failure);
    if (round.is_awaited)
      ended_({{"accepted", round.accepted}, {"refused", round.refused}, {"failures", round.failures}});
    return;
  }
  const Listings::Seen seen = listings_.seen(round.nodes.front());
  round.epoch = seen.epoch;
  round.since = round.settled = seen.sequence;
  round.all_settled = true;
  round.pages = 0;
  ask(round);
}

void Refresh::ask(const Round& round) const {
  kinode::send(
      {.target = {round.nodes.front(), chain},
       .request = {.expects_response = answer_timeout_s, .body = named("GetListings", {{"since", round.since}})},
       .context = kinode::Bytes(kinode::dump(to_json(round)))});
}

bool Refresh::answer(const std::expected<kinode::Message, kinode::SendError>& event) {
  auto round = round_of(event ? event->context : event.error().context);
  if (!round || round->nodes.empty()) return false;
  if (!event) {
    fail(*round, event.error().kind == kinode::SendError::Kind::offline ? "it is offline" : "it does not answer");
  } else if (take_page(*round, *event)) {
    ask(*round);
    return true;
  }
  round->nodes.erase(round->nodes.begin());
  next_node(std::move(*round));
  return true;
}

bool Refresh::take_page(Round& round, const kinode::Message& message) {
  const std::string_view body = message.body().text();
  const auto json = body.size() > longest_page ? std::nullopt : kinode::parse_json(body);
  const Json answer = json ? member(*json, "GetListings") : Json();
  const Json& listings = member(answer, "listings");
  const auto last = number_member(answer, "last");
  const auto epoch = number_member(answer, "epoch");
  if (!listings.is_array() || !last || !epoch) {
    fail(round, "its answer is not understood");
    return false;
  }
  if (*epoch != std::exchange(round.epoch, *epoch) && round.since != 0) {
    // It has lost what it knew, and numbers anew: from the beginning.
    round.since = round.settled = 0;
    return ++round.pages < most_pages;
  }
  const uint64_t before = round.since;
  for (const Json& each : listings) {
    const auto sequence = number_member(each, "sequence");
    if (sequence && *sequence > round.since) take(round, *sequence, member(each, "listing"));
  }
  listings_.set_seen(round.nodes.front(), {round.epoch, round.settled});
  return round.since > before && round.since < *last && ++round.pages < most_pages;
}

void Refresh::take(Round& round, uint64_t sequence, const Json& json) {
  round.since = sequence;
  auto listing = listing_of(json);
  auto verdict = listing ? listings_.accept(*listing) : std::unexpected(listing.error());
  if (!verdict) {
    const std::string package = listing ? listing->package.text() : "an unknown package";
    // The first of a round are shown to everybody.
    const uint8_t verbosity = ++round.refused <= most_refusals_shown ? 0 : 1;
    kinode::print(verbosity,
                  "a listing of " + package + " from " + round.nodes.front() + " is refused: " + verdict.error());
  } else if (*verdict == Listings::Verdict::unverifiable) {
    // What cannot be told yet is looked at again in the next round, and so is what comes after it.
    round.all_settled = false;
  } else if (*verdict == Listings::Verdict::accepted) {
    ++round.accepted;
    accepted_(*listing);
  }
  if (round.all_settled) round.settled = sequence;
}

void Refresh::fail(Round& round, std::string why) {
  round.failures.push_back("no listings of " + round.nodes.front() + ": " + std::move(why));
}

Json Refresh::listings_since(const Listings& listings, const Json& arguments) {
  Json list = Json::array();
  for (const Listings::Numbered& each : listings.since(number_member(arguments, "since").value_or(0))) {
    list.push_back({{"sequence", each.sequence}, {"listing", app_store::to_json(each.listing)}});
  }
  return {{"GetListings", {{"listings", std::move(list)}, {"last", listings.last()}, {"epoch", listings.epoch()}}}};
}

}  // namespace app_store
