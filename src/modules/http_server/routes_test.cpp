#include "modules/http_server/routes.h"

#include <gtest/gtest.h>

namespace kinode::modules {
namespace {

std::optional<RouteParameters> match(std::string_view pattern, std::string_view path) {
  return RoutePattern(pattern).match(path);
}

TEST(RoutePattern, StandsForItself) {
  EXPECT_EQ(match("/p:k:n/a", "/p:k:n/a"), RouteParameters{});
  EXPECT_EQ(match("/p:k:n/a", "/p:k:n/a/"), std::nullopt);
  EXPECT_EQ(match("/p:k:n/a", "/p:k:n/A"), std::nullopt);
  EXPECT_EQ(match("", ""), RouteParameters{});
}

TEST(RoutePattern, ASegmentHoldsNoSlashAndIsNotEmpty) {
  EXPECT_EQ(match("/p/:id", "/p/7"), (RouteParameters{{"id", "7"}}));
  EXPECT_EQ(match("/p/:id", "/p/a.b%2F"), (RouteParameters{{"id", "a.b%2F"}}));
  EXPECT_EQ(match("/p/:id", "/p/"), std::nullopt);
  EXPECT_EQ(match("/p/:id", "/p/a/b"), std::nullopt);
  EXPECT_EQ(match("/p/:a/x/:b", "/p/1/x/2"), (RouteParameters{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(match("/p/:", "/p/unnamed"), RouteParameters{});
}

TEST(RoutePattern, ARestHoldsAnything) {
  EXPECT_EQ(match("/p/*rest", "/p/a/b.c/"), (RouteParameters{{"rest", "a/b.c/"}}));
  EXPECT_EQ(match("/p/*rest", "/p/"), std::nullopt);
  EXPECT_EQ(match("/p/*rest/end", "/p/end/end"), (RouteParameters{{"rest", "end"}}));
  EXPECT_EQ(match("*all", "/x"), (RouteParameters{{"all", "/x"}}));
}

TEST(RoutePattern, ADotEndsASegmentToo) {
  EXPECT_EQ(match("/p/:name.json", "/p/a.json"), (RouteParameters{{"name", "a"}}));
  EXPECT_EQ(match("/p/:name.:type", "/p/a.tar.gz"), (RouteParameters{{"name", "a.tar"}, {"type", "gz"}}));
  // Only at the beginning of a segment.
  EXPECT_EQ(match("/p/a:b", "/p/a:b"), RouteParameters{});
}

TEST(RouteTable, TheBestMatch) {
  RouteTable<int> table;
  int number = 0;
  for (const char* pattern : {"/p/*rest", "/p/:id", "/p/new", "/p/:id/edit", "/p/*rest/edit", "/:x/y", "/p/:z"}) {
    table.set(RoutePattern(pattern), number++);
  }
  const auto best = [&](std::string_view path) { return table.match(path)->pattern->text(); };
  EXPECT_EQ(best("/p/new"), "/p/new");
  EXPECT_EQ(best("/p/7"), "/p/:id");
  EXPECT_EQ(best("/p/7/8"), "/p/*rest");
  EXPECT_EQ(best("/p/7/edit"), "/p/:id/edit");
  EXPECT_EQ(best("/p/7/8/edit"), "/p/*rest/edit");
  EXPECT_EQ(best("/p/y"), "/p/:id") << "as many literal segments, the first of them earlier";
  EXPECT_FALSE(table.match("/q"));
  table.set(RoutePattern("/p/:id"), 70);
  EXPECT_EQ(*table.match("/p/7")->value, 70);
  EXPECT_EQ(table.size(), 7U);
}

TEST(RoutePattern, NoPatternIsSlow) {
  std::string pattern = "/p/";
  for (int i = 0; i < 16; ++i) {
    pattern += "*a.";
  }
  // 16 places among 8000 dots: more ways than could ever be tried.
  EXPECT_EQ(match(pattern + "end", "/p/" + std::string(8000, '.')), std::nullopt);
}

}  // namespace
}  // namespace kinode::modules
