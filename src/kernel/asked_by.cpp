#include "kernel/asked_by.h"

#include <utility>

namespace kinode::kernel {

size_t AskedBy::add(Request request) {
  std::scoped_lock lock(mutex_);
  if (free_.empty()) {
    places_.emplace_back(std::move(request));
    return places_.size() - 1;
  }
  const size_t place = free_.back();
  free_.pop_back();
  places_[place] = std::move(request);
  return place;
}

void AskedBy::remove(size_t place) {
  std::scoped_lock lock(mutex_);
  places_[place].reset();
  free_.push_back(place);
}

size_t AskedBy::size() const {
  std::scoped_lock lock(mutex_);
  return places_.size() - free_.size();
}

std::vector<AskedBy::Request> AskedBy::all() const {
  std::scoped_lock lock(mutex_);
  std::vector<Request> requests;
  requests.reserve(places_.size() - free_.size());
  for (const std::optional<Request>& request : places_) {
    if (request) {
      requests.push_back(*request);
    }
  }
  return requests;
}

}  // namespace kinode::kernel
