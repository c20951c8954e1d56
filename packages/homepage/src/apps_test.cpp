#include "apps.h"

#include <gtest/gtest.h>

namespace homepage {
namespace {

using kinode::Json;
using kinode::ProcessId;

ProcessId process(const char* name) { return {name, "kit", "test.os"}; }

std::vector<std::string> labels(const Apps& apps) {
  std::vector<std::string> all;
  for (const Json& app : apps.list()) all.push_back(app["label"]);
  return all;
}

using Labels = std::vector<std::string>;

TEST(Apps, AreShownAsTheyCameWithAllThatTheySaid) {
  Apps apps(nullptr);
  EXPECT_TRUE(apps.add(process("b"), {{"label", "B"}, {"icon", "data:image/png;base64,AA=="}, {"path", "/"}}));
  EXPECT_TRUE(apps.add(process("a"), {{"label", "A"}, {"icon", nullptr}, {"path", "x/y"}, {"widget", "<p>w</p>"}}));
  EXPECT_EQ(apps.list(), Json::parse(R"([
      {"id":"b:kit:test.os","process":"b","package":"kit","publisher":"test.os","path":"/b:kit:test.os","label":"B",
       "base64_icon":"data:image/png;base64,AA==","widget":null,"order":0,"favorite":false},
      {"id":"a:kit:test.os","process":"a","package":"kit","publisher":"test.os","path":"/a:kit:test.os/x/y","label":"A",
       "base64_icon":null,"widget":"<p>w</p>","order":1,"favorite":false}])"));
  EXPECT_EQ(*apps.widget_of("a:kit:test.os"), "<p>w</p>");
  EXPECT_EQ(apps.widget_of("b:kit:test.os"), nullptr);
}

TEST(Apps, OneThatSaysItAgainKeepsItsPlace) {
  Apps apps(nullptr);
  apps.add(process("a"), {{"label", "A"}});
  apps.add(process("b"), {{"label", "B"}});
  EXPECT_TRUE(apps.add(process("a"), {{"label", "A again"}}));
  EXPECT_EQ(labels(apps), (Labels{"A again", "B"}));
  apps.remove("a:kit:test.os");
  apps.remove("nobody:kit:test.os");
  EXPECT_EQ(labels(apps), Labels{"B"});
}

TEST(Apps, APathNeverLeadsOutOfTheAppsOwn) {
  Apps apps(nullptr);
  apps.add(process("a"), {{"label", "A"}, {"path", "//evil.example/"}});
  EXPECT_EQ(apps.list()[0]["path"], "/a:kit:test.os/evil.example/");
}

TEST(Apps, WhatIsNotOfTheFormOrTooMuchIsRefused) {
  Apps apps(nullptr);
  for (const Json& request : {Json(), Json("A"), Json({{"label", 1}}), Json({{"label", "A"}, {"icon", 1}}),
                              Json({{"label", std::string(257, 'x')}}),
                              Json({{"label", "A"}, {"widget", std::string(256 * 1024 + 1, 'x')}})}) {
    EXPECT_FALSE(apps.add(process("a"), request)) << request.dump();
  }
  for (int i = 0; i < 1024; ++i) EXPECT_TRUE(apps.add(process(("p" + std::to_string(i)).c_str()), {{"label", "P"}}));
  EXPECT_FALSE(apps.add(process("one-more"), {{"label", "P"}}));
  EXPECT_TRUE(apps.add(process("p7"), {{"label", "changed"}}));
}

TEST(Apps, TheArrangementOutlivesALifeTheAppsDoNot) {
  Apps apps(nullptr);
  for (const char* name : {"a", "b", "c"}) apps.add(process(name), {{"label", name}});
  EXPECT_TRUE(apps.set_order(Json::parse(R"([["c:kit:test.os",0],["a:kit:test.os",1]])")));
  EXPECT_TRUE(apps.set_favorite(Json::parse(R"(["a:kit:test.os",true])")));
  EXPECT_TRUE(apps.set_favorite(Json::parse(R"(["main:app-store:sys",false])")));
  EXPECT_EQ(labels(apps), (Labels{"c", "a", "b"}));

  Apps later(apps.arrangement());
  EXPECT_EQ(later.list(), Json::array());
  for (const char* name : {"b", "a", "c"}) later.add(process(name), {{"label", name}});
  later.add({"main", "app-store", "sys"}, {{"label", "Store"}});
  later.add({"settings", "settings", "sys"}, {{"label", "Settings"}});
  EXPECT_EQ(labels(later), (Labels{"c", "a", "b", "Store", "Settings"}));
  EXPECT_EQ(later.list()[1]["favorite"], true);
  EXPECT_EQ(later.list()[3]["favorite"], false) << "chosen against";
  EXPECT_EQ(later.list()[4]["favorite"], true) << "one at first";
}

TEST(Apps, AnArrangementThatIsNoneChangesNothing) {
  Apps apps(Json::parse(R"({"order":[["a",1]],"favorites":7})"));
  apps.add(process("a"), {{"label", "A"}});
  apps.add(process("b"), {{"label", "B"}});
  for (const char* places : {"{}", "[1]", R"([["a:kit:test.os"]])", R"([["a:kit:test.os",-1]])", R"([["a",1]])"}) {
    EXPECT_FALSE(apps.set_order(Json::parse(places))) << places;
    EXPECT_FALSE(apps.set_favorite(Json::parse(places))) << places;
  }
  EXPECT_EQ(labels(apps), (Labels{"A", "B"}));
}

}  // namespace
}  // namespace homepage
