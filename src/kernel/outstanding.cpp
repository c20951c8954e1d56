#include "kernel/outstanding.h"

#include <algorithm>
#include <utility>

#include "kernel/planted_fault.h"
#include "kernel/process_entry.h"

namespace kinode::kernel {

// ---- who may answer ------------------------------------------------------------------------------

std::vector<Outstanding::Responder>::iterator Outstanding::find(const ProcessEntry& process) {
  return std::ranges::find_if(responders_,
                              [&](const Responder& responder) { return responder.process.get() == &process; });
}

bool Outstanding::may_be_answered_by(const ProcessEntry& process) const {
  return std::ranges::any_of(responders_,
                             [&](const Responder& responder) { return responder.process.get() == &process; });
}

bool Outstanding::add_responder(const std::shared_ptr<ProcessEntry>& process) {
  if (auto known = find(*process); known != responders_.end()) {
    ++known->times;
    return true;
  }
  if (responders_.size() >= responder_limit) {
    return false;
  }
  responders_.push_back({process, 1, process->asked.add({timer.owner, id})});
  return true;
}

void Outstanding::remove_responder(const ProcessEntry& process) {
  if (auto known = find(process); known != responders_.end() && --known->times == 0) {
    erase(known);
  }
}

void Outstanding::forget_responder(const ProcessEntry& process) {
  if (auto known = find(process); known != responders_.end()) {
    erase(known);
  }
}

void Outstanding::erase(std::vector<Responder>::iterator responder) {
  responder->process->asked.remove(responder->place);
  responders_.erase(responder);
}

void Outstanding::release() {
  for (const Responder& responder : responders_) {
    if (!planted(Fault::responder_kept)) {
      responder.process->asked.remove(responder.place);
    }
  }
  responders_.clear();
}

size_t Outstanding::bytes() const {
  const bool inherited =
      blob && prompting && prompting->blob && blob->bytes.data() == prompting->blob->bytes.data();  // counted as kept
  return sizeof(Outstanding) + bytes_of(target) + bytes_of(request) + (blob && !inherited ? bytes_of(*blob) : 0) +
         (context ? context->size() : 0);
}

// ---- all of one process --------------------------------------------------------------------------

void OutstandingRequests::add(std::unique_ptr<Outstanding> record) {
  bytes_ += record->bytes();
  kept_.add(record->prompting);
  records_.emplace(record->id, std::move(record));
}

Outstanding* OutstandingRequests::find(uint64_t id) const {
  auto found = records_.find(id);
  return found == records_.end() ? nullptr : found->second.get();
}

std::unique_ptr<Outstanding> OutstandingRequests::take(uint64_t id) {
  auto node = records_.extract(id);
  if (node.empty()) {
    return nullptr;
  }
  bytes_ -= node.mapped()->bytes();
  kept_.remove(node.mapped()->prompting);
  return std::move(node.mapped());
}

std::vector<std::unique_ptr<Outstanding>> OutstandingRequests::take_all() {
  std::vector<std::unique_ptr<Outstanding>> taken;
  taken.reserve(records_.size());
  for (auto& [id, record] : records_) {
    taken.push_back(std::move(record));
  }
  records_.clear();
  bytes_ = 0;
  kept_ = {};
  return taken;
}

}  // namespace kinode::kernel
