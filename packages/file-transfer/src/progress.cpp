#include "progress.h"

#include <algorithm>
#include <utility>

namespace file_transfer {

using kinode::Json;

namespace {

/// More are kept only while they run.
constexpr size_t entries_kept = 256;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

}  // namespace

uint64_t Progress::percent() const {
  if (!size) return 0;
  if (*size == 0) return state == "done" ? 100 : 0;
  return static_cast<uint64_t>(100.0 * static_cast<double>(bytes) / static_cast<double>(*size));
}

Json to_json(const Progress& progress) {
  return {{"name", progress.name},
          {"progress", progress.percent()},
          {"peer", progress.peer},
          {"direction", progress.direction},
          {"state", progress.state},
          {"size", progress.size ? Json(*progress.size) : Json()},
          {"bytes", progress.bytes},
          {"resumed_from", progress.resumed_from},
          {"rate", progress.rate},
          {"attempts", progress.attempts},
          {"sha256", or_null(progress.sha256)},
          {"error", or_null(progress.error)}};
}

std::optional<Progress> progress_of(const Json& arguments) {
  auto name = kinode::text_member(arguments, "name");
  auto peer = kinode::text_member(arguments, "peer");
  auto direction = kinode::text_member(arguments, "direction");
  auto state = kinode::text_member(arguments, "state");
  if (!name || !peer || !direction || !state) return std::nullopt;
  const auto number = [&](const char* key) { return kinode::number_member(arguments, key).value_or(0); };
  return Progress{.name = std::move(*name),
                  .peer = std::move(*peer),
                  .direction = std::move(*direction),
                  .state = std::move(*state),
                  .size = kinode::number_member(arguments, "size"),
                  .bytes = number("bytes"),
                  .resumed_from = number("resumed_from"),
                  .rate = number("rate"),
                  .attempts = number("attempts"),
                  .sha256 = kinode::text_member(arguments, "sha256"),
                  .error = kinode::text_member(arguments, "error")};
}

bool Transfers::update(const kinode::ProcessId& worker, Progress progress) {
  const auto same = std::ranges::find_if(entries_, [&](const Entry& entry) {
    const Progress& known = entry.progress;
    return known.direction == progress.direction && known.name == progress.name && known.peer == progress.peer;
  });
  const bool ended = progress.has_ended();
  if (same != entries_.end()) {
    const bool was_running = !same->progress.has_ended();
    *same = {worker, std::move(progress)};
    // What ended last stands last.
    if (was_running && !ended) return false;
    std::rotate(same, same + 1, entries_.end());
    return ended;
  }
  make_room();
  entries_.push_back({worker, std::move(progress)});
  return ended;
}

void Transfers::make_room() {
  if (entries_.size() < entries_kept) return;
  const auto ended = std::ranges::find_if(entries_, [](const Entry& entry) { return entry.progress.has_ended(); });
  if (ended != entries_.end()) entries_.erase(ended);
}

bool Transfers::worker_ended(const kinode::ProcessId& worker) {
  bool any = false;
  for (Entry& entry : entries_) {
    if (entry.worker != worker || entry.progress.has_ended()) continue;
    entry.progress.state = "failed";
    entry.progress.error = "the process that was at it has ended";
    any = true;
  }
  return any;
}

Json Transfers::to_json(const std::optional<std::string>& name) const {
  Json list = Json::array();
  for (const Entry& entry : entries_) {
    if (name && entry.progress.name != *name) continue;
    list.push_back(file_transfer::to_json(entry.progress));
    list.back()["worker"] = entry.worker.text();
  }
  return {{"Status", {{"transfers", std::move(list)}}}};
}

}  // namespace file_transfer
