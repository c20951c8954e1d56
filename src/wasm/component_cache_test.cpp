#include "wasm/component_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>
#include <thread>

#include "wasm/test_guests.h"

namespace kinode::wasm {
namespace {

namespace fs = std::filesystem;
using kernel::testing::TempFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct ComponentCacheTest : ::testing::Test {
  ComponentCache::Options options() {
    return {.folder = folder.path() / "components", .announce = [this](const std::string& line) {
              std::lock_guard lock(mutex);
              announced.push_back(line);
            }};
  }
  std::unique_ptr<ComponentCache> open() { return open(options()); }
  std::unique_ptr<ComponentCache> open(ComponentCache::Options with) {
    return std::make_unique<ComponentCache>(shared_engine(), pool, std::move(with));
  }
  std::string error_of(ComponentCache& cache, const Bytes& wasm) {
    ComponentCache::Found found = wait_for(cache, wasm);
    return found ? "" : found.error().message;
  }
  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder.path() / "components")) {
      found.push_back(entry.path());
    }
    return found;
  }

  TempFolder folder;
  std::mutex mutex;
  std::vector<std::string> announced;
  Bytes child = guest_bytes("child");
  BlockingPool pool{"compile", 4};
};

// ---- once ----------------------------------------------------------------------------------------

TEST_F(ComponentCacheTest, IsCompiledOnceForAllThatWait) {
  auto cache = open();
  constexpr int askers = 30;
  std::latch answered(askers);
  std::vector<const Component*> found(askers);
  for (int i = 0; i < askers; ++i) {
    // Each has bytes of its own, as each process that is made has.
    cache->get(Bytes::copy_of(child.text()), "child", [&, i](const ComponentCache::Found& one) {
      found[i] = one ? one->get() : nullptr;
      answered.count_down();
    });
  }
  answered.wait();
  EXPECT_NE(found[0], nullptr);
  EXPECT_THAT(found, ::testing::Each(found[0]));
  EXPECT_EQ(cache->counters().compiled, 1U);
  EXPECT_EQ(cache->counters().loaded, 0U);
}

TEST_F(ComponentCacheTest, IsRecognisedWithoutHashing) {
  auto cache = open();
  EXPECT_FALSE(cache->find(child).has_value());
  ComponentCache::Found made = wait_for(*cache, child);
  EXPECT_EQ(cache->counters().hashed, 1U);
  EXPECT_EQ(**cache->find(child), *made);
  EXPECT_EQ(**cache->find(Bytes::copy_of(child.text())), *made) << "equal bytes elsewhere";
  EXPECT_FALSE(cache->find(noted(child, "x")).has_value());
  EXPECT_EQ(*wait_for(*cache, child), *made);
  EXPECT_EQ(cache->counters().hashed, 1U);
}

TEST_F(ComponentCacheTest, BytesThatAreNotHeldAreHashedAndNotCompiledAgain) {
  ComponentCache::Options few = options();
  few.held_bytes = child.size() - 1;
  auto cache = open(few);
  ComponentCache::Found made = wait_for(*cache, child);
  EXPECT_FALSE(cache->find(child).has_value());
  EXPECT_EQ(*wait_for(*cache, child), *made);
  EXPECT_EQ(cache->counters().hashed, 2U);
  EXPECT_EQ(cache->counters().compiled, 1U);
}

TEST_F(ComponentCacheTest, TheOldestAreForgottenAndComeFromDisk) {
  ComponentCache::Options few = options();
  few.components = 1;
  auto cache = open(few);
  ASSERT_TRUE(wait_for(*cache, child).has_value());
  ASSERT_TRUE(wait_for(*cache, noted(child, "other")).has_value());
  EXPECT_FALSE(cache->find(child).has_value());
  ASSERT_TRUE(wait_for(*cache, child).has_value());
  EXPECT_EQ(cache->counters().compiled, 2U);
  EXPECT_EQ(cache->counters().loaded, 1U);
}

TEST_F(ComponentCacheTest, AComponentOutlivesTheCacheAndItsFile) {
  auto cache = open();
  ASSERT_TRUE(wait_for(*cache, child).has_value());
  cache = open();
  ComponentCache::Found loaded = wait_for(*cache, child);
  cache.reset();
  fs::remove_all(folder.path() / "components");
  ASSERT_TRUE(loaded.has_value());
  kn_text compiled = kn_component_serialize((*loaded)->get());
  EXPECT_GT(compiled.size, 0U);
  kn_text_delete(compiled);
}

// ---- the disk ------------------------------------------------------------------------------------

TEST_F(ComponentCacheTest, IsFoundOnDiskAfterARestart) {
  ASSERT_TRUE(wait_for(*open(), child).has_value());
  ASSERT_EQ(files().size(), 1U);
  auto again = open();
  EXPECT_TRUE(wait_for(*again, child).has_value());
  EXPECT_EQ(again->counters().compiled, 0U);
  EXPECT_EQ(again->counters().loaded, 1U);
}

TEST_F(ComponentCacheTest, AnEngineOfOtherSettingsHasFilesOfItsOwn) {
  ASSERT_TRUE(wait_for(*open(), child).has_value());
  std::shared_ptr<Engine> other = *Engine::start({.memory_growth = 1 << 20});
  ComponentCache cache(other, pool, options());
  EXPECT_TRUE(wait_for(cache, child).has_value());
  EXPECT_EQ(cache.counters().compiled, 1U);
  EXPECT_EQ(files().size(), 2U);
}

TEST_F(ComponentCacheTest, ADamagedFileIsCompiledAnewAndReplaced) {
  ASSERT_TRUE(wait_for(*open(), child).has_value());
  fs::path file = files().at(0);
  // In a file of its own: the one that is there is still mapped by what was loaded.
  auto replace = [&](const std::function<void(std::string&)>& damage) {
    std::ifstream stream(file, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(stream), {});
    damage(content);
    fs::path beside = folder.path() / "damaged";
    std::ofstream(beside, std::ios::binary) << content;
    fs::permissions(beside, fs::perms::owner_all);
    fs::rename(beside, file);
  };
  std::vector<std::function<void(std::string&)>> damages = {
      [](std::string& content) { content[content.size() / 2] ^= 1; }, [](std::string& content) { content.back() ^= 1; },
      [](std::string& content) { content.resize(content.size() / 2); }, [](std::string& content) { content.clear(); }};
  for (size_t i = 0; i < damages.size(); ++i) {
    replace(damages[i]);
    auto cache = open();
    EXPECT_TRUE(wait_for(*cache, child).has_value()) << i;
    EXPECT_EQ(cache->counters().compiled, 1U) << i;
    auto again = open();
    EXPECT_TRUE(wait_for(*again, child).has_value()) << i;
    EXPECT_EQ(again->counters().loaded, 1U) << i;
  }
}

TEST_F(ComponentCacheTest, AFolderThatOthersMayWriteToIsNotUsed) {
  fs::create_directories(folder.path() / "components");
  fs::permissions(folder.path() / "components", fs::perms::owner_all | fs::perms::group_write);
  auto cache = open();
  ASSERT_TRUE(wait_for(*cache, child).has_value());
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(announced, ElementsAre(AllOf(HasSubstr("compiled components are not kept on disk"),
                                           HasSubstr("can be written to by others; to mend it: chmod go-w "))));
}

TEST_F(ComponentCacheTest, WithoutAFolderNothingIsKept) {
  auto cache = open({});
  ASSERT_TRUE(wait_for(*cache, child).has_value());
  EXPECT_EQ(**cache->find(child), *wait_for(*cache, child));
}

TEST_F(ComponentCacheTest, WhereAFileCannotBeWrittenTheComponentIsThereAllTheSame) {
  auto cache = open();
  fs::remove_all(folder.path() / "components");
  EXPECT_TRUE(wait_for(*cache, child).has_value());
  EXPECT_THAT(announced, ElementsAre(HasSubstr("a compiled component could not be kept: ")));
}

// ---- errors --------------------------------------------------------------------------------------

TEST_F(ComponentCacheTest, WhatIsNoComponentIsTold) {
  auto cache = open();
  EXPECT_EQ(error_of(*cache, Bytes::copy_of("garbage")), "this is not a Wasm file");
  EXPECT_EQ(error_of(*cache, Bytes::from(std::string("\0asm\x01\0\0\0", 8))),
            "this is a core module; a process must be a component");
  EXPECT_THAT(error_of(*cache, child.slice(0, child.size() / 2)), HasSubstr("the component is not valid: "));
}

TEST_F(ComponentCacheTest, AMissingExportIsTold) {
  auto cache = open();
  EXPECT_EQ(error_of(*cache, Bytes::from(std::string("\0asm\x0d\0\x01\0", 8))),
            "the component does not export the function `init`");
}

TEST_F(ComponentCacheTest, AnUnknownImportIsNamed) {
  auto cache = open();
  Bytes stranger = patched(child, "kinode:process/standard@1.0.0", "kinode:process/standarx@1.0.0");
  EXPECT_THAT(error_of(*cache, stranger), AllOf(HasSubstr("the component asks for what this node does not offer: "),
                                                HasSubstr("kinode:process/standarx@1.0.0")));
  EXPECT_EQ(cache->counters().compiled, 1U);
  EXPECT_NE(error_of(*cache, stranger), "");
  EXPECT_EQ(cache->counters().compiled, 1U) << "it never will be one";
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ComponentCacheTest, WhatMayHaveComeOfWantOfMemoryIsTriedAgain) {
  auto cache = open();
  Bytes half = child.slice(0, child.size() / 2);
  error_of(*cache, half);
  EXPECT_FALSE(cache->find(half).has_value());
  error_of(*cache, half);
  EXPECT_EQ(cache->counters().compiled, 2U);
}

// ---- people --------------------------------------------------------------------------------------

TEST_F(ComponentCacheTest, ALongCompilationIsAnnounced) {
  auto cache = open();
  std::string large(child.text());
  // A custom section of a megabyte: its size is a LEB128 number of three bytes.
  large.append({0, '\x80', '\x80', '\x40', 4, 'n', 'o', 't', 'e'}).append((1 << 20) - 5, 'x');
  ASSERT_TRUE(wait_for(*cache, Bytes::from(std::move(large)), "/p:q/pkg/large.wasm").has_value());
  ASSERT_EQ(announced.size(), 2U);
  EXPECT_EQ(announced[0], "compiling /p:q/pkg/large.wasm (1.1 MB): once, then it is kept");
  EXPECT_THAT(announced[1], HasSubstr("compiled /p:q/pkg/large.wasm in "));
}

TEST_F(ComponentCacheTest, AfterStopNothingMoreIsCompiled) {
  auto cache = open();
  cache->stop();
  EXPECT_EQ(error_of(*cache, child), "the node stops");
  EXPECT_EQ(cache->counters().compiled, 0U);
}

}  // namespace
}  // namespace kinode::wasm
