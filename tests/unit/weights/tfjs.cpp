#include "weights/makers/tfjs.hpp"

#include <nlohmann/json.hpp>

#include "support/network_fixtures.hpp"
#include "weights/floats.hpp"
#include "weights/sha256.hpp"

namespace pool3::weights {
namespace {

using test::error_of;
using test::TemporaryFolder;

std::string manifest(const std::string& paths, const std::string& weights) {
  return R"({"weightsManifest":[{"paths":)" + paths + R"(,"weights":[)" + weights + "]}]}";
}

std::string cause_of(const TemporaryFolder& folder) {
  const ErrorFields& error = error_of([&] { (void)read_tfjs(folder.path()); });
  EXPECT_EQ(error.stage, "read weights");
  EXPECT_FALSE(error.path.empty());
  return error.cause;
}

/// One tensor of one byte, in a folder with these files.
struct Broken {
  std::string paths = R"(["b"])";
  std::string weights = R"({"name":"t","shape":[1],"dtype":"uint8"})";
  std::string bytes = "x";
  [[nodiscard]] std::string cause() const {
    const TemporaryFolder folder;
    (void)folder.write("model.json", manifest(paths, weights));
    (void)folder.write("b", bytes);
    return cause_of(folder);
  }
};

TEST(Tfjs, AShardIsPartOfOneGroupOnce) {
  const Broken twice{.paths = R"(["b","b"])", .weights = R"({"name":"t","shape":[2],"dtype":"uint8"})"};
  EXPECT_THAT(twice.cause(), testing::HasSubstr("names 'b' twice"));
  const TemporaryFolder folder;
  const std::string group = R"({"paths":["b"],"weights":[{"name":"t","shape":[1],"dtype":"uint8"}]})";
  (void)folder.write("model.json", R"({"weightsManifest":[)" + group + "," + group + "]}");
  (void)folder.write("b", "x");
  EXPECT_THAT(cause_of(folder), testing::HasSubstr("names 'b' twice"));
}

TEST(Tfjs, RefusesAModelThatIsNestedTooDeeply) {
  const TemporaryFolder folder;
  (void)folder.write("model.json", R"({"modelTopology":)" + std::string(1'000'000, '['));
  EXPECT_THAT(cause_of(folder), testing::HasSubstr("nested too deeply"));
}

TEST(Tfjs, DequantisesEveryCoding) {
  const TemporaryFolder folder;
  (void)folder.write("model.json", manifest(R"(["a.bin","b.bin"])",
                                            R"({"name":"q8","shape":[3],"dtype":"float32",
                                                "quantization":{"dtype":"uint8","scale":0.5,"min":-1}},
                                               {"name":"skipped","shape":[],"dtype":"int32"},
                                               {"name":"q16","shape":[2,1],"dtype":"float32",
                                                "quantization":{"dtype":"uint16","scale":2,"min":10}},
                                               {"name":"f32","shape":[1],"dtype":"float32"},
                                               {"name":"f16","shape":[2],"dtype":"float32",
                                                "quantization":{"dtype":"float16"}})"));
  // The shards' border runs through a tensor.
  const std::string bytes(
      "\x00\x02\xff"
      "skip"
      "\x01\x00\xff\xff"
      "\x00\x00\x20\xc0"
      "\x00\x3c\x00\xc2",
      19);
  (void)folder.write("a.bin", bytes.substr(0, 8));
  (void)folder.write("b.bin", bytes.substr(8));
  const TfjsModel model = read_tfjs(folder.path());
  EXPECT_EQ(model.tensors.at("q8").values, (std::vector<float>{-1, 0, 126.5F}));
  EXPECT_EQ(model.tensors.at("q16").values, (std::vector<float>{12, 131'080}));
  EXPECT_EQ(model.tensors.at("q16").shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(model.tensors.at("f32").values, std::vector<float>{-2.5F});
  EXPECT_EQ(model.tensors.at("f16").values, (std::vector<float>{1, -3}));
  EXPECT_EQ(model.sha256, sha256_hex(bytes));
  EXPECT_EQ(model.epsilon, 1e-3);
}

TEST(Tfjs, EpsilonAndSourceAreThoseOfTheFolder) {
  const TemporaryFolder folder;
  (void)folder.write("tiny/model.json", R"({"modelTopology":{"model_config":{"config":{"layers":[
      {"class_name":"BatchNormalization","config":{"epsilon":0.25}}]}}},"weightsManifest":[]})");
  EXPECT_EQ(read_tfjs(folder.path("tiny")).epsilon, 0.25);
  EXPECT_EQ(read_tfjs(folder.path("tiny")).source, "tiny");
  EXPECT_EQ(read_tfjs(folder.path("tiny/")).source, "tiny");
  (void)folder.write("tiny/package.json", R"({"name":"net","version":"1.2.3"})");
  EXPECT_EQ(read_tfjs(folder.path("tiny")).source, "net 1.2.3");
}

TEST(Tfjs, ShardsMustStayInTheFolder) {
  for (const char* name : {"../b", "/etc/passwd", "..", ".", "", "a/../b", "a\\\\b", "b\\u0000"}) {
    const Broken broken = {.paths = std::string("[\"") + name + "\"]"};
    EXPECT_THAT(broken.cause(), testing::HasSubstr("outside the folder")) << name;
  }
  EXPECT_THAT((Broken{.paths = R"(["none"])"}).cause(), testing::HasSubstr("No such file"));
}

TEST(Tfjs, ShardsMustHaveTheManifestsLength) {
  EXPECT_THAT((Broken{.bytes = ""}).cause(), testing::HasSubstr("end before 't'"));
  EXPECT_THAT((Broken{.bytes = "xy"}).cause(), testing::HasSubstr("longer"));
  for (const char* shape : {"[2]", "[4294967296,4294967296]", "[-1]", "[-1,-1]", "[9223372036854775807,2]"}) {
    const Broken broken = {.weights = std::string(R"({"name":"t","dtype":"uint8","shape":)") + shape + "}"};
    EXPECT_THAT(broken.cause(), testing::HasSubstr("end before 't'")) << shape;
  }
}

TEST(Tfjs, ManifestMustBeSound) {
  for (const char* weights :
       {R"(1)", R"({})", R"({"name":1,"shape":[1],"dtype":"uint8"})", R"({"name":"t","shape":1,"dtype":"uint8"})",
        R"({"name":"t","shape":["a"],"dtype":"uint8"})", R"({"name":"t","shape":[1]})",
        R"({"name":"t","shape":[1],"dtype":"float32","quantization":{"dtype":"uint8"}})",
        R"({"name":"t","shape":[1],"dtype":"float32","quantization":7})"}) {
    EXPECT_THAT((Broken{.weights = weights}).cause(), testing::HasSubstr("malformed")) << weights;
  }
  EXPECT_THAT((Broken{.weights = R"({"name":"t","shape":[1],"dtype":"string"})"}).cause(),
              testing::HasSubstr("unknown type 'string'"));
  const std::string once = R"({"name":"t","shape":[1],"dtype":"uint8"})";
  EXPECT_THAT((Broken{.weights = once + "," + once, .bytes = "xy"}).cause(), testing::HasSubstr("twice"));
  EXPECT_THAT((Broken{.paths = "7"}).cause(), testing::HasSubstr("malformed"));
}

TEST(Tfjs, ModelMustBeSound) {
  for (const char* text : {"", "{", "[]", "7", "{}", "{\"weightsManifest\":7}"}) {
    const TemporaryFolder folder;
    (void)folder.write("model.json", text);
    EXPECT_THAT(cause_of(folder), testing::AnyOf(testing::HasSubstr("malformed"), testing::HasSubstr("is not JSON")))
        << text;
  }
}

TEST(Tfjs, ModulesOfThePackageAreRefusedWithAdvice) {
  const TemporaryFolder folder;
  (void)folder.write("model.min.js", "!function(a){module.exports=a()}");
  const ErrorFields& error = error_of([&] { (void)read_tfjs(folder.path()); });
  EXPECT_EQ(error.path, folder.path());
  EXPECT_THAT(error.cause, testing::HasSubstr("nsfwjs"));
  EXPECT_THAT(error.advice, testing::HasSubstr("scripts/fetch-weights nsfwjs"));
}

// A whole Inception-v3 as a plain folder: kernels and betas hold the number of their layer, counted from 1.
std::string layers_json() {
  using nlohmann::json;
  json weights = json::array();
  const auto add = [&](const std::string& name, const json& shape, std::size_t value) {
    weights.push_back({{"name", name},
                       {"dtype", "float32"},
                       {"shape", shape},
                       {"quantization", {{"dtype", "uint8"}, {"scale", 0}, {"min", value}}}});
  };
  std::size_t number = 0;
  for (const ConvolutionShape& s : convolution_shapes()) {
    const std::string n = std::to_string(++number);
    add("conv2d_" + n + "/kernel", {s.kernel_height, s.kernel_width, s.in_channels, s.out_channels}, number);
    for (const char* part : {"beta", "moving_mean", "moving_variance"}) {
      const std::size_t value = part == std::string("beta") ? number : part == std::string("moving_mean") ? 0 : 3;
      add("batch_normalization_" + n + "/" + part, json::array({s.out_channels}), value);
    }
  }
  const json layer = {{"class_name", "BatchNormalization"}, {"config", {{"epsilon", 1}}}};
  return json{{"modelTopology", {{"model_config", {{"config", {{"layers", json::array({layer})}}}}}}},
              {"weightsManifest", json::array({{{"paths", json::array({"all.bin"})}, {"weights", weights}}})}}
      .dump();
}

std::size_t layers_bytes() {
  std::size_t bytes = 0;
  for (const ConvolutionShape& s : convolution_shapes()) {
    bytes += static_cast<std::size_t>(s.out_channels) *
             static_cast<std::size_t>(s.in_channels * s.kernel_height * s.kernel_width + 3);
  }
  return bytes;
}

TEST(Tfjs, LayersBecomeTorchvisionsConvolutions) {
  const TemporaryFolder folder;
  (void)folder.write("model.json", layers_json());
  (void)folder.write("all.bin", std::string(layers_bytes(), '\0'));
  const Weights weights = read_weights(folder.path());
  EXPECT_FALSE(weights.traits.average_pool_counts_padding);
  EXPECT_FALSE(weights.traits.max_pool_in_7c);
  float number = 0;
  for (const ConvolutionShape& s : convolution_shapes()) {
    number += 1;  // the deviation is sqrt(3 + 1)
    EXPECT_EQ(weights.tensors.at(s.name + ".weight").values.back(), number / 2) << s.name;
    EXPECT_EQ(weights.tensors.at(s.name + ".bias").values.back(), number) << s.name;
  }
}

TEST(Tfjs, AnotherNetworkIsRefused) {
  const TemporaryFolder folder;
  std::string text = layers_json();
  text.replace(text.find("conv2d_7/"), 9, "conv2d_x/");
  (void)folder.write("model.json", text);
  (void)folder.write("all.bin", std::string(layers_bytes(), '\0'));
  EXPECT_THAT(error_of([&] { (void)read_weights(folder.path()); }).cause, testing::HasSubstr("conv2d_7/kernel"));
}

}  // namespace
}  // namespace pool3::weights
