#include "base/delay_histogram.h"

#include <gtest/gtest.h>

namespace kinode {
namespace {

using namespace std::chrono_literals;

size_t bucket_of(std::chrono::nanoseconds delay) {
  DelayHistogram histogram;
  histogram.add(delay);
  DelaySnapshot taken = histogram.snapshot();
  return static_cast<size_t>(std::find(taken.counts.begin(), taken.counts.end(), 1U) - taken.counts.begin());
}

TEST(DelayHistogram, ABucketReachesUpToItsBound) {
  EXPECT_EQ(bucket_of(0ns), 0U);
  EXPECT_EQ(bucket_of(-5ns), 0U);
  for (size_t i = 0; i + 1 < DelaySnapshot::buckets; ++i) {
    EXPECT_EQ(bucket_of(DelaySnapshot::bound(i)), i);
    EXPECT_EQ(bucket_of(DelaySnapshot::bound(i) + 1ns), i + 1);
  }
  EXPECT_EQ(bucket_of(24h), DelaySnapshot::buckets - 1);
}

TEST(DelayHistogram, SnapshotsAddUp) {
  DelayHistogram one;
  DelayHistogram other;
  one.add(3us);
  other.add(3us);
  other.add(40ms);
  DelaySnapshot sum = one.snapshot();
  sum += other.snapshot();
  EXPECT_EQ(sum.counts[2], 2U);
  EXPECT_EQ(sum.counts[16], 1U);
  EXPECT_EQ(sum.sum, 40ms + 6us);
}

}  // namespace
}  // namespace kinode
