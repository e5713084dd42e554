// The inspect-image job: what the layers of the network make of one picture, as PNG grids, a chart and a page.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "command.hpp"
#include "pool3/corpus.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"
#include "pool3/image.hpp"
#include "pool3/network.hpp"
#include "pool3/report.hpp"
#include "setup/find_weights.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* stage = "inspect-image";
constexpr int page_width = 1120;  ///< pixels that a figure has at most

/// What stands above each grid.
struct Description {
  const char* name;
  const char* title;
};
constexpr std::array<Description, 4> descriptions = {{
    {"Conv2d_1a_3x3", "After the first convolution"},
    {"Conv2d_2a_3x3", "After the second convolution"},
    {"Mixed_5d", "End of the 35 x 35 stage"},
    {"Mixed_6e", "End of the 17 x 17 stage"},
}};

std::string size_text(std::int64_t width, std::int64_t height) { return fmt::format("{} x {}", width, height); }

Image read_picture(const std::string& path) {
  const auto refused = [&](RowStatus status, const char* cause) {
    return Error({.stage = std::string(stage_of(status)),
                  .path = path,
                  .cause = cause,
                  .advice = "give a JPEG, PNG, WebP, GIF, BMP, TIFF or PNM picture"});
  };
  try {
    return decode(EntryReader({}, entry_limits({})).read(path));
  } catch (const ReadError& error) {
    throw refused(error.status(), error.what());
  } catch (const ImageError& error) {
    throw refused(error.status(), error.what());
  }
}

void check_finite(const StageOutput& output, const std::string& path) {
  if (std::ranges::all_of(output.values, [](float v) { return std::isfinite(v); })) return;
  throw Error({.stage = "network",
               .path = path,
               .cause = output.name + " has a value that is not finite",
               .advice = "check the weights"});
}

Figure grid_figure(const StageOutput& output) {
  const auto* const known = std::find_if(descriptions.begin(), descriptions.end(),
                                         [&](const Description& d) { return output.name == d.name; });
  const GridLayout layout = grid_layout(output);
  const GreyImage grid = tile_maps(output);
  return {.title = known == descriptions.end() ? output.name : known->title,
          .caption = fmt::format("{}: {} maps of {}, channel 0 at the top left, {} in a row. Each map has its own "
                                 "scale: black is its smallest value, white its largest.",
                                 output.name, output.channels, size_text(output.width, output.height), layout.columns),
          .file_name = output.name + ".png",
          .file = encode_png(grid),
          .width = page_width,
          .pixelated = grid.width < page_width};
}

/// The channels with the largest values, for the caption of the chart.
std::string strongest(std::span<const float> feature, std::size_t count) {
  std::vector<std::size_t> order(feature.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](auto a, auto b) { return feature[a] > feature[b]; });
  std::string text;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i)
    text += fmt::format("{}{} ({:.3f})", i == 0 ? "" : ", ", order[i], feature[order[i]]);
  return text;
}

Figure chart_figure(const StageOutput& output, const std::string& name) {
  return {
      .title = "Pool feature",
      .caption = fmt::format("pool_3: the mean of each of the last layer's 8 x 8 maps. This row is what classifiers "
                             "get. Strongest channels: {}.",
                             strongest(output.values, 8)),
      .file_name = "pool_feature.svg",
      .file = feature_chart(output.values, "pool_3 of " + name),
      .width = page_width};
}

class InspectImageCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add("weights", weights_path_, "weights file or folder; default: weights/inception_v3.safetensors", std::string());
    p.add_required("out", out_, "folder to make: PNG grids, pool_feature.svg, index.html", Changes::file);
    p.reads("weights", ReadPath::Form::weights);
    p.writes_folder("out", {"*.png", "pool_feature.svg", "index.html"});
    p.take_arguments("IMAGE", images_, "one picture file");
  }

  void check() const override {
    if (images_.size() != 1) throw usage_error(fmt::format("one IMAGE is looked at, not {}", images_.size()));
  }

  ExitCode run(const Context& context) override {
    context.comm.root_does([&] { inspect(context); });
    return ExitCode::ok;
  }

 private:
  void inspect(const Context& context) const {
    const Image picture = read_picture(images_[0]);
    const std::string weights_path = find_weights(weights_path_);
    pool3::make_folder({stage, out_});
    const Weights weights = read_weights(weights_path);
    std::vector<float> input(static_cast<std::size_t>(input_floats));
    to_input(picture, weights.traits.profile, input);
    const auto outputs = open_network(weights, {.precision = Precision::fp32, .batch = 1})->stages(input);

    Page page = front(picture, weights);
    page.config = context.config;
    page.figures.push_back(input_figure(input, weights.traits.profile));
    for (const StageOutput& output : outputs) {
      check_finite(output, images_[0]);
      page.figures.push_back(output.name == "pool_3" ? chart_figure(output, name()) : grid_figure(output));
    }
    for (const Figure& figure : page.figures) write_whole_file({stage, path_of(figure.file_name)}, figure.file);
    write_whole_file({stage, path_of("index.html")}, html_of(page));
    context.log.line(stage, "look at " + path_of("index.html"));
  }

  [[nodiscard]] std::string name() const { return fs::path(images_[0]).filename().string(); }
  [[nodiscard]] std::string path_of(const std::string& file) const { return (fs::path(out_) / file).string(); }

  [[nodiscard]] Page front(const Image& picture, const Weights& weights) const {
    return {.title = "What Inception-v3 makes of " + name(),
            .facts = {{"picture", images_[0]},
                      {"size", size_text(picture.width, picture.height)},
                      {"weights", weights.source},
                      {"weights SHA-256", weights.sha256},
                      {"input profile", std::string(to_string(weights.traits.profile))},
                      {"precision", "fp32"},
                      {"made by", std::string("pool3 ") + version}},
            .figures = {},
            .config = {}};
  }

  static Figure input_figure(std::span<const float> input, InputProfile profile) {
    return {
        .title = "Input",
        .caption = fmt::format("What the network sees: the picture at {} pixels.", size_text(input_side, input_side)),
        .file_name = "input.png",
        .file = encode_png(picture_of_input(input, profile)),
        .width = input_side};
  }

  std::string weights_path_, out_;
  std::vector<std::string> images_;
};

}  // namespace

std::unique_ptr<Command> make_inspect_image() { return std::make_unique<InspectImageCommand>(); }

}  // namespace pool3::jobs
