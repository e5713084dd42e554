// pool3 convert: any known weights file -> pool3's own safetensors, calibrated for int8 if pictures are given.

#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"
#include "pool3/corpus.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"
#include "pool3/image.hpp"
#include "pool3/network.hpp"

namespace pool3::jobs {
namespace {

class ConvertCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("weights", weights_, "weights file or folder");
    p.take_without_flag("weights");
    p.add_required("out", out_, "safetensors file to make", Changes::file);
    p.add("calibrate", corpus_,
          "measure the ranges that int8 needs on pictures of this corpus: a folder, manifest, list or tar file",
          std::string());
    p.reads("weights", ReadPath::Form::weights);
    p.reads("calibrate", ReadPath::Form::corpus);
    p.writes("out");
    p.add("pictures", pictures_, "pictures to calibrate on, evenly spaced over the corpus", 128);
  }

  void check() const override {
    if (pictures_ < 1 || pictures_ > most_pictures)
      throw usage_error(fmt::format("--pictures must be between 1 and {}", most_pictures));
  }

  ExitCode run(const Context& context) override {
    context.comm.root_does([&] { check_output({"convert", out_}); });
    Manifest manifest;
    if (!corpus_.empty())
      manifest =
          list_corpus(context.comm, {.corpus = {corpus_}, .labels = {.kind = LabelRule::Kind::none}, .classes = {}});
    context.comm.root_does([&] {
      Weights weights = read_weights(weights_);
      if (!corpus_.empty()) calibrate_on(context, manifest, weights);
      write_weights(weights, out_);
      context.log.line("convert",
                       fmt::format("{}: {}{}, SHA-256 {}", out_, weights.source,
                                   weights.codes.empty() ? "" : ", calibrated for int8", sha256_of_file(out_)));
    });
    return ExitCode::ok;
  }

 private:
  static constexpr int most_pictures = 4096;

  void calibrate_on(const Context& context, const Manifest& manifest, Weights& weights) const {
    const std::int64_t tried = std::min<std::int64_t>(pictures_, manifest.size());
    const EntryReader entries(manifest.root, entry_limits({}));
    std::vector<float> input(static_cast<std::size_t>(tried * input_floats));
    int good = 0;
    for (std::int64_t i = 0; i < tried; ++i) {
      try {
        const Image image = decode(entries.read(manifest.paths[i * manifest.size() / tried]));
        to_input(image, weights.traits.profile,
                 std::span(input).subspan(static_cast<std::size_t>(good * input_floats),
                                          static_cast<std::size_t>(input_floats)));
        ++good;
      } catch (const ImageError&) {  // one picture fewer; the others are enough
      } catch (const ReadError&) {
      }
    }
    calibrate(weights, input, good);
    const std::string rest = good < tried ? fmt::format(", {} could not be read", tried - good) : "";
    context.log.line("convert", fmt::format("calibrated on {} pictures{}", good, rest));
  }

  std::string weights_, out_, corpus_;
  int pictures_ = 128;
};

}  // namespace

std::unique_ptr<Command> make_convert() { return std::make_unique<ConvertCommand>(); }

}  // namespace pool3::jobs
