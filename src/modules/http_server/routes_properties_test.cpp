// The best match of a table is that of a model, which tries every way to cut a path into captures.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <tuple>

#include "modules/http_server/routes.h"

namespace kinode::modules {
namespace {

/// A segment with the separator before it.
struct Segment {
  std::string separator;
  std::string text;

  [[nodiscard]] char kind() const { return text.starts_with(':') ? ':' : text.starts_with('*') ? '*' : 'l'; }
};

std::vector<Segment> segments_of(const std::string& pattern) {
  std::vector<Segment> segments;
  for (const char letter : pattern) {
    if (letter == '/' || letter == '.') {
      segments.push_back({std::string(1, letter), ""});
    } else {
      if (segments.empty()) {
        segments.emplace_back();
      }
      segments.back().text += letter;
    }
  }
  return segments;
}

bool model_matches(const std::vector<Segment>& segments, size_t index, std::string_view path) {
  if (index == segments.size()) {
    return path.empty();
  }
  const Segment& segment = segments[index];
  if (!path.starts_with(segment.separator)) {
    return false;
  }
  path.remove_prefix(segment.separator.size());
  if (segment.kind() == 'l') {
    return path.starts_with(segment.text) && model_matches(segments, index + 1, path.substr(segment.text.size()));
  }
  for (size_t size = 1; size <= path.size(); ++size) {
    const bool allowed = segment.kind() == '*' || !path.substr(0, size).contains('/');
    if (allowed && model_matches(segments, index + 1, path.substr(size))) {
      return true;
    }
  }
  return false;
}

auto rank_of(const std::string& pattern) {
  const std::vector<Segment> segments = segments_of(pattern);
  const auto count = [&](char kind) {
    return std::ranges::count_if(segments, [&](const Segment& segment) { return segment.kind() == kind; });
  };
  return std::tuple(count('l'), count(':'), count('*'));
}

std::string any_of_letters(const std::string& letters) {
  return *rc::gen::container<std::string>(rc::gen::elementOf(letters));
}

TEST(RouteProperty, TheBestMatchIsThatOfTheModel) {
  EXPECT_TRUE(rc::check("a table", [] {
    const auto patterns =
        *rc::gen::container<std::vector<std::string>>(rc::gen::exec([] { return "/" + any_of_letters("ab:*/."); }));
    const std::string path = "/" + any_of_letters("ab/.");
    RouteTable<size_t> table;
    for (size_t i = 0; i < patterns.size(); ++i) {
      table.set(RoutePattern(patterns[i]), i);
    }
    std::vector<std::string> matching;
    std::ranges::copy_if(patterns, std::back_inserter(matching),
                         [&](const std::string& pattern) { return model_matches(segments_of(pattern), 0, path); });
    const auto found = table.match(path);
    RC_ASSERT(found.has_value() == !matching.empty());
    if (found) {
      RC_CLASSIFY(matching.size() > 1, "several match");
      RC_ASSERT(std::ranges::find(matching, found->pattern->text()) != matching.end());
      for (const std::string& other : matching) {
        RC_ASSERT(rank_of(found->pattern->text()) >= rank_of(other));
      }
      RC_ASSERT(patterns[*found->value] == found->pattern->text());
    }
  }));
}

TEST(RouteProperty, CapturesInTheirPlacesAreThePath) {
  EXPECT_TRUE(rc::check("captures", [] {
    const std::string a = "a" + any_of_letters("ab.");
    const std::string b = "b" + any_of_letters("ab./");
    const auto captured = RoutePattern("/p/:a/q/*b").match("/p/" + a + "/q/" + b);
    RC_ASSERT(captured == (RouteParameters{{"a", a}, {"b", b}}));
  }));
}

}  // namespace
}  // namespace kinode::modules
