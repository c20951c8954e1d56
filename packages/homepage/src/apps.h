#pragma once

#include <kinode/json.h>
#include <kinode/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace homepage {

/// What apps ask to be shown (packages-and-kit.md 5), and how the node's owner arranges it. The apps themselves are not
/// kept: each says again at its start what to show. The arrangement is.
class Apps {
 public:
  /// `saved` is what `arrangement` gave in an earlier life; anything else is none.
  explicit Apps(const kinode::Json& saved);

  /// `{"label":text,"icon":text?,"path":text?,"widget":text?}` of a process; it replaces what that showed before. False
  /// where it is not of that form, or more than may be shown: 1 024 apps, a label of 256 bytes, an icon of 256 KiB, a
  /// path of 2 KiB, a widget of 256 KiB.
  bool add(const kinode::ProcessId& process, const kinode::Json& request);
  void remove(const std::string& process);

  /// `[process, bool]`. False where it is not of that form.
  bool set_favorite(const kinode::Json& choice);
  /// `[[process, number],...]`, smaller numbers first; of all that are to keep a place. False where it is not of that
  /// form.
  bool set_order(const kinode::Json& places);

  /// In the order in which they are shown:
  /// {"id","process","package","publisher","path"?,"label","base64_icon"?,"widget"?,"order","favorite"}.
  kinode::Json list() const;
  /// The document that an app shows inside the page; null where there is none.
  const std::string* widget_of(const std::string& process) const;

  kinode::Json arrangement() const;

 private:
  struct App {
    kinode::ProcessId process;
    std::string label;
    std::optional<std::string> icon;
    std::optional<std::string> path;
    std::optional<std::string> widget;
    /// Where nothing else is chosen: as they came.
    uint64_t arrival = 0;
  };
  uint64_t place_of(const App& app) const;
  bool is_favorite(const std::string& process) const;

  std::map<std::string, App> apps_;
  uint64_t arrivals_ = 0;
  std::map<std::string, uint64_t> places_;
  std::map<std::string, bool> favorites_;
};

}  // namespace homepage
