#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

/// Short names of scripts: those that come with the terminal, and what the node's owner changed of them.

namespace terminal {

class Aliases {
 public:
  enum class Change { done, not_found, refused };

  /// Those kept in `state`, as `state` below gives it, over those that come with the terminal. A text that is none of
  /// ours (the first client keeps another form) has no changes.
  static Aliases restore(std::string_view state);
  /// The owner's changes, to be kept.
  std::string state() const;

  /// Nothing if there is no alias of that name.
  std::optional<kinode::ProcessId> find(const std::string& name) const;
  /// A name is 1 to 64 bytes without blanks and colons. `refused` for another, and when there are 1024 already.
  Change set(const std::string& name, kinode::ProcessId script);
  /// One that came with the terminal stays away until it is set again.
  Change remove(const std::string& name);

  const std::map<std::string, kinode::ProcessId>& all() const { return all_; }

 private:
  Aliases();

  std::map<std::string, kinode::ProcessId> all_;
};

}  // namespace terminal
