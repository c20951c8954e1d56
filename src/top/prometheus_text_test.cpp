#include "top/prometheus_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kinode::top {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(PrometheusText, ReadsNamesLabelsAndValues) {
  auto samples = parse_prometheus(
      "# HELP a Some help.\n# TYPE a counter\na 12\n\n"
      "b{le=\"+Inf\",process=\"x:y:z \\\"q\\\" \\\\ \\n\"} 1.5e-06\n");
  ASSERT_TRUE(samples.has_value()) << samples.error().message;
  ASSERT_EQ(samples->size(), 2U);
  EXPECT_EQ((*samples)[0].name, "a");
  EXPECT_EQ((*samples)[0].value, 12);
  EXPECT_THAT((*samples)[0].labels, IsEmpty());
  EXPECT_EQ((*samples)[1].name, "b");
  EXPECT_EQ((*samples)[1].value, 1.5e-06);
  EXPECT_THAT((*samples)[1].labels, UnorderedElementsAre(Pair("le", "+Inf"), Pair("process", "x:y:z \"q\" \\ \n")));
}

TEST(PrometheusText, RefusesWhatIsNoMetric) {
  for (std::string_view bad :
       {"a", "a ", "a x", "a 1 2", "{} 1", "a{b} 1", "a{b=c} 1", "a{b=\"c} 1", "a{b=\"c\\", "a{b=\"\" 1", "<html>"}) {
    auto samples = parse_prometheus(bad);
    ASSERT_FALSE(samples.has_value()) << bad;
    EXPECT_THAT(samples.error().message, HasSubstr(std::string(bad)));
  }
  EXPECT_THAT(parse_prometheus(""), ::testing::Optional(IsEmpty()));
}

}  // namespace
}  // namespace kinode::top
