#include "registry/folder_watch.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace kinode::registry {

Result<std::unique_ptr<FolderWatch>> FolderWatch::start(const std::string& folder, std::function<void()> changed) {
  const int events = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  const int stop = ::eventfd(0, EFD_CLOEXEC);
  constexpr uint32_t what = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
  if (events < 0 || stop < 0 || ::inotify_add_watch(events, folder.c_str(), what | IN_ONLYDIR) < 0) {
    const std::string reason = std::generic_category().message(errno);
    ::close(events);
    ::close(stop);
    return fail("cannot watch the folder {}: {}", folder, reason);
  }
  changed();
  return std::unique_ptr<FolderWatch>(new FolderWatch(events, stop, std::move(changed)));
}

FolderWatch::FolderWatch(int events, int stop, std::function<void()> changed)
    : events_(events), stop_(stop), changed_(std::move(changed)), thread_([this] { watch(); }) {}

FolderWatch::~FolderWatch() {
  ::eventfd_write(stop_, 1);
  thread_.join();
  ::close(events_);
  ::close(stop_);
}

void FolderWatch::watch() {
  pthread_setname_np(pthread_self(), "folder-watch");
  std::array<pollfd, 2> files{{{events_, POLLIN, 0}, {stop_, POLLIN, 0}}};
  while (true) {
    if (::poll(files.data(), files.size(), -1) < 0 && errno != EINTR) {
      return;
    }
    if (files[1].revents != 0) {
      return;
    }
    // What the events say does not matter: the folder is looked at whole.
    std::array<char, 4096> unread{};
    bool any = false;
    while (::read(events_, unread.data(), unread.size()) > 0) {
      any = true;
    }
    if (any) {
      changed_();
    }
  }
}

}  // namespace kinode::registry
