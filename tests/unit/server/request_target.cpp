#include "server/request_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pool3::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, IsPathAndDecodedQuery) {
  const Target target = parse_target("/api/wrong?label=h%C3%BCte+und%20m&&x&y=%4&z=a=b");
  EXPECT_EQ(target.path, "/api/wrong");
  EXPECT_THAT(target.query,
              ElementsAre(Pair("label", "h\xc3\xbcte und m"), Pair("x", ""), Pair("y", "%4"), Pair("z", "a=b")));
  EXPECT_THAT(parse_target("/").query, IsEmpty());
  EXPECT_THAT(parse_target("/?").query, IsEmpty());
  EXPECT_EQ(parse_target("/%2e%2e/x").path, "/%2e%2e/x");  // a path is compared, never followed
}

TEST(HostName, HasNoPort) {
  EXPECT_EQ(host_name("LocalHost:8080"), "localhost");
  EXPECT_EQ(host_name("[::1]:8080"), "[::1]");
  EXPECT_EQ(host_name("[::1]"), "[::1]");
  EXPECT_EQ(host_name(""), "");
  EXPECT_EQ(origin_host("http://a:1"), "a:1");
  EXPECT_EQ(origin_host("null"), "");
}

}  // namespace
}  // namespace pool3::server
