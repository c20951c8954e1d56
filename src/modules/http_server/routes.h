// Routes: which bound path serves a request's path (modules.md 6.2).
//
//   /p:k:n/item/:id     ":id" stands for one or more characters but "/"
//   /p:k:n/files/*rest  "*rest" for one or more characters of any kind
//
// A pattern's segments end at "/" and at "."; one that begins with ":" or "*" stands for other text, all else for
// itself. Of the patterns that match a path the best is the one with the most segments that stand for themselves, then
// the most ":" segments, then the most "*" segments; then the one whose first difference from the other is the more
// exact segment, then the first by its text. What is captured is raw text; where several captures are possible each
// is as long as it can be, the first one first. A segment without a name captures nothing.
//
// Matching takes time in proportion to the path's length times the pattern's, whatever both are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kinode::modules {

/// By the names of the pattern; of a name that stands twice the last counts.
using RouteParameters = std::map<std::string, std::string>;

/// A value.
class RoutePattern {
 public:
  explicit RoutePattern(std::string_view text);

  /// Whether it stands for one path alone.
  [[nodiscard]] bool is_literal() const { return parts_.empty(); }
  /// Segments that do not stand for themselves.
  [[nodiscard]] size_t parameters() const { return parts_.size(); }
  [[nodiscard]] const std::string& text() const { return text_; }
  /// Nothing if it does not match.
  [[nodiscard]] std::optional<RouteParameters> match(std::string_view path) const;
  /// Whether it counts for more than `other` where both match.
  [[nodiscard]] bool is_better_than(const RoutePattern& other) const;

 private:
  /// A parameter, and the literal text up to the next one or the end.
  struct Part {
    bool may_hold_slash;
    std::string name;
    std::string then;
  };
  enum class Kind : uint8_t { literal, segment, rest };
  /// For comparing: how many segments of each kind there are, then the kinds in their order.
  struct Rank {
    size_t literals = 0;
    size_t segments = 0;
    size_t rests = 0;
    std::vector<Kind> kinds;
  };
  class Matcher;

  std::string text_;
  std::string first_;  // the literal text before the first parameter
  std::vector<Part> parts_;
  Rank rank_;
};

/// Patterns with a value each. For one thread, or under its owner's lock.
template <class Value>
class RouteTable {
 public:
  struct Match {
    const RoutePattern* pattern;
    const Value* value;
    RouteParameters parameters;
  };

  /// In place of what this pattern had.
  void set(RoutePattern pattern, Value value) {
    if (pattern.is_literal()) {
      std::string text = pattern.text();
      literals_.insert_or_assign(std::move(text), Route{std::move(pattern), std::move(value)});
      return;
    }
    if (Route* known = find_pattern(pattern.text())) {
      known->value = std::move(value);
    } else {
      patterns_.push_back({std::move(pattern), std::move(value)});
    }
  }
  /// What the pattern of this text has; null if there is none. Until the table changes.
  [[nodiscard]] Value* find(const std::string& text) {
    if (auto found = literals_.find(text); found != literals_.end()) {
      return &found->second.value;
    }
    Route* known = find_pattern(text);
    return known == nullptr ? nullptr : &known->value;
  }
  /// The best match. Until the table changes.
  [[nodiscard]] std::optional<Match> match(std::string_view path) const {
    // As good as can be: every segment stands for itself.
    if (auto found = literals_.find(std::string(path)); found != literals_.end()) {
      return Match{&found->second.pattern, &found->second.value, {}};
    }
    std::optional<Match> best;
    for (const Route& route : patterns_) {
      if (best && !route.pattern.is_better_than(*best->pattern)) {
        continue;
      }
      if (auto parameters = route.pattern.match(path)) {
        best = Match{&route.pattern, &route.value, std::move(*parameters)};
      }
    }
    return best;
  }

  [[nodiscard]] size_t size() const { return literals_.size() + patterns_.size(); }
  [[nodiscard]] size_t patterns() const { return patterns_.size(); }

 private:
  struct Route {
    RoutePattern pattern;
    Value value;
  };
  Route* find_pattern(const std::string& text) {
    for (Route& route : patterns_) {
      if (route.pattern.text() == text) {
        return &route;
      }
    }
    return nullptr;
  }

  std::unordered_map<std::string, Route> literals_;
  std::vector<Route> patterns_;
};

}  // namespace kinode::modules
