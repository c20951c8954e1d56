#include "modules/http_server/routes.h"

#include <tuple>

namespace kinode::modules {

RoutePattern::RoutePattern(std::string_view text) : text_(text) {
  size_t position = 0;
  while (position < text.size()) {
    std::string& literal = parts_.empty() ? first_ : parts_.back().then;
    const bool separator = text[position] == '/' || text[position] == '.';
    if (separator) {
      literal += text[position++];
    }
    const size_t end = std::min(text.find_first_of("/.", position), text.size());
    const std::string_view segment = text.substr(position, end - position);
    position = end;
    if (segment.starts_with(':') || segment.starts_with('*')) {
      const bool rest = segment.front() == '*';
      parts_.push_back({rest, std::string(segment.substr(1)), {}});
      ++(rest ? rank_.rests : rank_.segments);
      rank_.kinds.push_back(rest ? Kind::rest : Kind::segment);
    } else {
      literal += segment;
      ++rank_.literals;
      rank_.kinds.push_back(Kind::literal);
    }
  }
}

bool RoutePattern::is_better_than(const RoutePattern& other) const {
  const auto counts = [](const Rank& rank) { return std::tie(rank.literals, rank.segments, rank.rests); };
  if (counts(rank_) != counts(other.rank_)) {
    return counts(rank_) > counts(other.rank_);
  }
  return std::tie(rank_.kinds, text_) < std::tie(other.rank_.kinds, other.text_);
}

/// One attempt. Remembers from where a part cannot match, so that no place is tried twice.
class RoutePattern::Matcher {
 public:
  Matcher(const std::vector<Part>& parts, std::string_view path)
      : parts_(parts), path_(path), tried_(parts.size() * (path.size() + 1)), ends_(parts.size()), begins_(ends_) {}

  /// Whether the parts from `part` on match the path from `begin` on.
  bool matches(size_t part, size_t begin) {
    if (part == parts_.size()) {
      return begin == path_.size();
    }
    if (begin > path_.size() || tried_[part * (path_.size() + 1) + begin]) {
      return false;
    }
    tried_[part * (path_.size() + 1) + begin] = true;
    const Part& here = parts_[part];
    size_t end = here.may_hold_slash ? path_.size() : std::min(path_.find('/', begin), path_.size());
    for (; end > begin; --end) {
      if (path_.substr(end).starts_with(here.then) && matches(part + 1, end + here.then.size())) {
        begins_[part] = begin;
        ends_[part] = end;
        return true;
      }
    }
    return false;
  }
  /// After a match.
  [[nodiscard]] RouteParameters captured() const {
    RouteParameters parameters;
    for (size_t part = 0; part < parts_.size(); ++part) {
      if (!parts_[part].name.empty()) {
        parameters[parts_[part].name] = path_.substr(begins_[part], ends_[part] - begins_[part]);
      }
    }
    return parameters;
  }

 private:
  const std::vector<Part>& parts_;
  std::string_view path_;
  std::vector<bool> tried_;
  std::vector<size_t> ends_;
  std::vector<size_t> begins_;
};

std::optional<RouteParameters> RoutePattern::match(std::string_view path) const {
  if (parts_.empty() ? path != first_ : !path.starts_with(first_)) {
    return std::nullopt;
  }
  Matcher matcher(parts_, path);
  if (!matcher.matches(0, first_.size())) {
    return std::nullopt;
  }
  return matcher.captured();
}

}  // namespace kinode::modules
