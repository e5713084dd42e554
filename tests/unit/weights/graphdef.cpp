#include "weights/makers/tensorflow/graphdef.hpp"

#include <set>

#include "support/network_fixtures.hpp"
#include "unit/weights/refusal.hpp"
#include "weights/containers/protobuf.hpp"
#include "weights/makers/tensorflow/graph_tensor.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

using namespace std::string_literals;
using test::slurp;
using testing::HasSubstr;

const std::string corpus = POOL3_SOURCE_DIR "/tests/fuzz/corpus/graphdef/";

// Names as published tables of that graph's tensors have them.
TEST(GraphDef, NamesTheGraphsConvolutions) {
  EXPECT_EQ(graphdef_name("Conv2d_1a_3x3"), "conv");
  EXPECT_EQ(graphdef_name("Conv2d_4a_3x3"), "conv_4");
  EXPECT_EQ(graphdef_name("Mixed_5b.branch1x1"), "mixed/conv");
  EXPECT_EQ(graphdef_name("Mixed_5c.branch5x5_2"), "mixed_1/tower/conv_1");
  EXPECT_EQ(graphdef_name("Mixed_5d.branch3x3dbl_3"), "mixed_2/tower_1/conv_2");
  EXPECT_EQ(graphdef_name("Mixed_5d.branch_pool"), "mixed_2/tower_2/conv");
  EXPECT_EQ(graphdef_name("Mixed_6a.branch3x3"), "mixed_3/conv");
  EXPECT_EQ(graphdef_name("Mixed_6a.branch3x3dbl_1"), "mixed_3/tower/conv");
  EXPECT_EQ(graphdef_name("Mixed_6e.branch7x7_3"), "mixed_7/tower/conv_2");
  EXPECT_EQ(graphdef_name("Mixed_6b.branch7x7dbl_5"), "mixed_4/tower_1/conv_4");
  EXPECT_EQ(graphdef_name("Mixed_7a.branch3x3_2"), "mixed_8/tower/conv_1");
  EXPECT_EQ(graphdef_name("Mixed_7a.branch7x7x3_4"), "mixed_8/tower_1/conv_3");
  EXPECT_EQ(graphdef_name("Mixed_7b.branch3x3_1"), "mixed_9/tower/conv");
  EXPECT_EQ(graphdef_name("Mixed_7b.branch3x3_2a"), "mixed_9/tower/mixed/conv");
  EXPECT_EQ(graphdef_name("Mixed_7c.branch3x3dbl_2"), "mixed_10/tower_1/conv_1");
  EXPECT_EQ(graphdef_name("Mixed_7c.branch3x3dbl_3b"), "mixed_10/tower_1/mixed/conv_1");
  std::set<std::string> names;
  for (const ConvolutionShape& s : convolution_shapes()) names.insert(graphdef_name(s.name));
  EXPECT_EQ(names.size(), 94U);
}

TEST(GraphDef, IsKnownByItsFirstNode) {
  EXPECT_TRUE(looks_like_graphdef(slurp(corpus + "tiny.pb")));
  for (const std::string& other : {""s, "\x0a"s, "\x0a\x00"s, "\x0a\x02\x0a\x00"s, "\x0a\x03\x0a\x01\x01"s,
                                   "\x0a\x00\x00\x00\x00\x00\x00\x00{"s, "GIF89a"s, "\x0a\xff\xff\xff\xff\x0f"s}) {
    EXPECT_FALSE(looks_like_graphdef(other));
  }
}

TEST(GraphDef, AnotherGraphIsRefused) {
  const auto cause = [](const std::string& bytes) { return refusal([&] { (void)read_graphdef(bytes); }); };
  const std::string tiny = slurp(corpus + "tiny.pb");
  EXPECT_THAT(cause(tiny), HasSubstr("no node 'conv_1/batchnorm'"));
  EXPECT_THAT(cause(tiny + tiny), HasSubstr("twice"));
  EXPECT_THAT(cause(tiny.substr(0, tiny.size() - 1)), HasSubstr("too early"));
  EXPECT_THAT(cause(tiny + "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), HasSubstr("too early"));
  EXPECT_THAT(cause(""), HasSubstr("no node 'conv/batchnorm'"));
  EXPECT_THAT(cause("\x0a\x12\x0a\x0e"
                    "conv/batchnorm\x12\0"s),
              HasSubstr("is no BatchNorm"));
  for (std::size_t size = 0; size < tiny.size(); ++size) EXPECT_NE(cause(tiny.substr(0, size)), "accepted");
}

TEST(Protobuf, ReadsEveryWireType) {
  const std::string message = "\x08\x96\x01\x11\x01\0\0\0\0\0\0\x80\x1a\x02hi\x25\x00\x00\x80\x3f"s;
  WireReader fields(message);
  EXPECT_EQ(fields.next()->value, 150U);  // of the format's own description
  EXPECT_EQ(fields.next()->value, 0x8000000000000001U);
  EXPECT_EQ(fields.next()->bytes, "hi");
  EXPECT_EQ(fields.next()->value, 0x3f800000U);
  EXPECT_FALSE(fields.next());
  EXPECT_EQ(WireReader("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").next()->value, ~std::uint64_t{0});
}

TEST(Protobuf, RefusesBrokenMessages) {
  const auto cause = [](const std::string& bytes) { return refusal([&] { (void)WireReader(bytes).next(); }); };
  EXPECT_THAT(cause("\x08"), HasSubstr("too early"));
  EXPECT_THAT(cause("\x08\x80"), HasSubstr("too early"));
  EXPECT_THAT(cause("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), HasSubstr("64 bits"));
  EXPECT_THAT(cause("\x08" + std::string(20, '\x80')), HasSubstr("64 bits"));
  EXPECT_THAT(cause("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), HasSubstr("too early"));
  EXPECT_THAT(cause("\x0d\0\0\0"s), HasSubstr("too early"));
  EXPECT_THAT(cause("\0"s), HasSubstr("field number"));
  EXPECT_THAT(cause("\x0b"), HasSubstr("wire type"));  // a group
  EXPECT_THAT(cause("\x0f"), HasSubstr("wire type"));
}

const std::string float_type = "\x08\x01";
const std::string shape_2_3 = "\x12\x08\x12\x02\x08\x02\x12\x02\x08\x03";

std::string tensor_refusal(const std::string& message) {
  return refusal([&] { (void)read_tensor_proto(message, {2, 3}, "t"); });
}

TEST(TensorProto, ReadsWhatOthersWrote) {
  EXPECT_EQ(read_tensor_proto(slurp(corpus + "tensor"), {2, 3}, "t").values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(read_tensor_proto(slurp(corpus + "splat"), {2, 3}, "t").values, std::vector<float>(6, 7));
  // The last value goes on: packed 1 and 2, by the description of TensorProto.
  const std::string two = float_type + shape_2_3 + "\x2a\x08\0\0\x80\x3f\0\0\0\x40"s;
  EXPECT_EQ(read_tensor_proto(two, {2, 3}, "t").values, (std::vector<float>{1, 2, 2, 2, 2, 2}));
}

TEST(TensorProto, RefusesWrongOnes) {
  const std::string content = "\x22\x18" + std::string(24, '\0');
  EXPECT_EQ(tensor_refusal(float_type + shape_2_3 + content), "accepted");
  EXPECT_THAT(tensor_refusal(float_type + content), HasSubstr("wrong shape"));
  EXPECT_THAT(tensor_refusal("\x08\x07" + shape_2_3 + content), HasSubstr("wrong shape or type"));  // strings
  EXPECT_THAT(tensor_refusal("\x08\x13" + shape_2_3 + content), HasSubstr("number of values"));     // halves
  EXPECT_THAT(tensor_refusal(float_type + shape_2_3 + "\x22\x17" + std::string(23, '\0')),
              HasSubstr("number of values"));
  EXPECT_THAT(tensor_refusal(float_type + shape_2_3), HasSubstr("number of values"));
  EXPECT_THAT(tensor_refusal(float_type + shape_2_3 + "\x2a\x07" + std::string(7, '\0')),
              HasSubstr("number of values"));
  EXPECT_THAT(tensor_refusal(float_type + shape_2_3 + "\x2a\x1c" + std::string(28, '\0')),
              HasSubstr("number of values"));
  // One value for a shape of 2^62: no memory is taken for it.
  EXPECT_THAT(
      tensor_refusal(float_type + "\x12\x0c\x12\x0a\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40" + "\x2d\0\0\x80\x3f"s),
      HasSubstr("wrong shape"));
  EXPECT_THAT(tensor_refusal(float_type + "\x12\x12" +
                             [] {
                               std::string many;
                               for (int i = 0; i < 9; ++i) many += "\x12\0"s;
                               return many;
                             }()),
              HasSubstr("wrong shape"));
}

}  // namespace
}  // namespace pool3::weights
