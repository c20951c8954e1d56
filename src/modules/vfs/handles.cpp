#include "modules/vfs/handles.h"

#include <algorithm>
#include <cerrno>

namespace kinode::modules::vfs {

VfsResult<std::shared_ptr<Handle>> HandleTable::acquire(const std::string& path, const Open& open) {
  bool told_to_close = false;
  while (true) {
    uint64_t epoch = 0;
    {
      std::lock_guard lock(mutex_);
      if (auto handle = touch(path)) {
        return handle;
      }
      epoch = epoch_;
    }
    VfsResult<OpenedFile> file = open();
    if (!file && file.error().number == EMFILE && !told_to_close) {
      told_to_close = true;
      std::lock_guard lock(mutex_);
      close_down_to(slots_.size() / 2);
      continue;
    }
    if (!file) {
      return std::unexpected(file.error());
    }
    std::shared_ptr<Handle> handle;
    bool closed = false;
    {
      std::lock_guard lock(mutex_);
      if (auto other = touch(path)) {
        return other;
      }
      if (epoch != epoch_) {
        continue;
      }
      closed = make_room();
      handle = insert(path, std::move(*file));
      if (auto kept = cursors_.find(path); kept != cursors_.end()) {
        handle->cursor = kept->second.cursor;
        drop_cursor(path);
      }
    }
    if (closed && notify_) {
      notify_();
    }
    return handle;
  }
}

std::shared_ptr<Handle> HandleTable::find(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto slot = slots_.find(path);
  return slot == slots_.end() ? nullptr : slot->second.handle;
}

void HandleTable::put(const std::string& path, OpenedFile file) {
  bool closed = false;
  {
    std::lock_guard lock(mutex_);
    drop_cursor(path);
    if (auto slot = slots_.find(path); slot != slots_.end()) {
      drop(slot);
    }
    closed = make_room();
    insert(path, std::move(file));
    ++epoch_;
  }
  if (closed && notify_) {
    notify_();
  }
}

void HandleTable::renewed(const std::string& path, const Handle* current) {
  std::shared_ptr<Handle> stale;
  {
    std::lock_guard lock(mutex_);
    ++epoch_;
    auto slot = slots_.find(path);
    if (slot == slots_.end() || slot->second.handle.get() == current) {
      return;
    }
    stale = slot->second.handle;
    drop(slot);
  }
  uint64_t cursor = 0;
  {
    std::lock_guard lock(stale->mutex);
    cursor = stale->cursor;
  }
  std::lock_guard lock(mutex_);
  if (cursor != 0 && !slots_.contains(path)) {
    keep_cursor(path, cursor);
  }
}

void HandleTable::close(const std::string& path) {
  std::lock_guard lock(mutex_);
  drop_cursor(path);
  if (auto slot = slots_.find(path); slot != slots_.end()) {
    drop(slot);
  }
}

void HandleTable::forget(const std::string& path) {
  {
    std::lock_guard lock(mutex_);
    ++epoch_;
  }
  close(path);
}

void HandleTable::forget_tree(const std::string& path) {
  forget(path);
  std::string first = path + "/";
  std::lock_guard lock(mutex_);
  for (auto slot = slots_.lower_bound(first); slot != slots_.end() && slot->first.starts_with(first);) {
    drop(slot++);
  }
  for (auto kept = cursors_.lower_bound(first); kept != cursors_.end() && kept->first.starts_with(first);) {
    cursor_ages_.erase(kept->second.age);
    kept = cursors_.erase(kept);
  }
}

void HandleTable::set_limit(size_t open_files) {
  std::lock_guard lock(mutex_);
  limits_.open_files = std::max<size_t>(open_files, 1);
  close_down_to(limits_.open_files);
}

size_t HandleTable::open_files() const {
  std::lock_guard lock(mutex_);
  return slots_.size();
}

size_t HandleTable::kept_cursors() const {
  std::lock_guard lock(mutex_);
  return cursors_.size();
}

std::shared_ptr<Handle> HandleTable::touch(const std::string& path) {
  auto slot = slots_.find(path);
  if (slot == slots_.end()) {
    return nullptr;
  }
  order_.splice(order_.begin(), order_, slot->second.order);
  return slot->second.handle;
}

std::shared_ptr<Handle> HandleTable::insert(const std::string& path, OpenedFile file) {
  auto handle = std::make_shared<Handle>();
  handle->file = std::move(file.file);
  handle->writable = file.writable;
  order_.push_front(path);
  slots_.emplace(path, Slot{handle, order_.begin()});
  return handle;
}

bool HandleTable::close_down_to(size_t target) {
  bool closed = false;
  for (auto at = order_.end(); at != order_.begin() && slots_.size() > target;) {
    --at;
    auto slot = slots_.find(*at);
    // Whoever uses a handle got it from this table under its lock: a count of one stays one meanwhile.
    if (slot->second.handle.use_count() > 1) {
      continue;
    }
    uint64_t cursor = 0;
    {
      std::lock_guard lock(slot->second.handle->mutex);
      cursor = slot->second.handle->cursor;
    }
    if (cursor != 0) {
      keep_cursor(slot->first, cursor);
    }
    at = order_.erase(at);
    slots_.erase(slot);
    closed = true;
  }
  return closed;
}

bool HandleTable::make_room() {
  if (slots_.size() < limits_.open_files) {
    return false;
  }
  return close_down_to(limits_.open_files - std::max<size_t>(limits_.open_files / 2, 1));
}

void HandleTable::keep_cursor(const std::string& path, uint64_t cursor) {
  drop_cursor(path);
  if (cursors_.size() >= limits_.kept_cursors && !cursor_ages_.empty()) {
    cursors_.erase(cursor_ages_.begin()->second);
    cursor_ages_.erase(cursor_ages_.begin());
  }
  cursors_[path] = {cursor, next_age_};
  cursor_ages_[next_age_++] = path;
}

void HandleTable::drop(std::map<std::string, Slot>::iterator slot) {
  order_.erase(slot->second.order);
  slots_.erase(slot);
}

void HandleTable::drop_cursor(const std::string& path) {
  if (auto kept = cursors_.find(path); kept != cursors_.end()) {
    cursor_ages_.erase(kept->second.age);
    cursors_.erase(kept);
  }
}

}  // namespace kinode::modules::vfs
