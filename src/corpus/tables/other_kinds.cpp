#include "corpus/tables/other_kinds.hpp"

#include <algorithm>
#include <array>

#include "corpus/file_names.hpp"

namespace pool3::corpus {
namespace {

constexpr OtherKind compressed = {"a compressed file",
                                  "unpack it first; tar files of pictures end in .tar.gz, .tgz, "
                                  ".tar.zst, .tzst, .tar.xz, .txz, .tar.bz2 or .tbz2"};
constexpr OtherKind archive = {"an archive of a kind that is not read",
                               "unpack it first, as with unzip FILE -d FOLDER, and give the folder"};
constexpr OtherKind picture = {"a picture, and no catalogue of pictures",
                               "give the folder that it is in, or a list of paths"};
constexpr OtherKind utf16 = {"UTF-16 text", "save it as UTF-8"};
constexpr OtherKind page = {"a web page, and no table or list of paths",
                            "was it fetched from an address that is not there any more?"};
constexpr OtherKind xml = {"XML, perhaps a drawing (SVG), and no table or list of paths",
                           "draw SVG as PNG first, as with rsvg-convert"};
constexpr OtherKind json = {"JSON, and no table or list of paths",
                            "write it as CSV first, as with pandas: read_json(FILE, lines=True).to_csv(FILE.csv, "
                            "index=False)"};

struct Magic {
  std::string_view bytes;
  OtherKind kind;
};

const std::array magics = {
    Magic{"PAR1",
          {"a Parquet file, which pool3 does not read: Debian has no library for it",
           "write it as CSV first, as with pandas: read_parquet(FILE).to_csv(FILE.csv, index=False)"}},
    Magic{"\x89HDF",
          {"an HDF5 file, and no table or list of paths", "files of features go to --features, models to --model"}},
    Magic{"\x93NUMPY", {"a NumPy array, and no table or list of paths", "pool3 import reads features from such files"}},
    Magic{{"PK\3\4", 4},
          {"a zip archive, or a spreadsheet",
           "unpack it first, as with unzip FILE -d FOLDER, and give the folder; save a spreadsheet as CSV"}},
    Magic{"7z\xBC\xAF", archive},
    Magic{"Rar!\x1A\x07", archive},
    Magic{{"\x1F\x8B", 2}, compressed},
    Magic{"BZh9", compressed},
    Magic{"\xFD"
          "7zXZ",
          compressed},
    Magic{"\x28\xB5\x2F\xFD", compressed},
    Magic{"\xFF\xD8\xFF", picture},
    Magic{"\x89PNG", picture},
    Magic{"GIF87a", picture},
    Magic{"GIF89a", picture},
    Magic{"%PDF-", {"a PDF file", "give a folder of pictures, or a table or list of their paths"}},
    Magic{"\xFF\xFE", utf16},
    Magic{"\xFE\xFF", utf16},
};

/// True if the text begins with `open`, blanks aside, and then one of `next`.
bool begins(std::string_view text, char open, std::string_view next) {
  if (!text.starts_with(open)) return false;
  text.remove_prefix(1);
  const std::string_view rest = trimmed_view(text.substr(0, 64));
  return rest.empty() || next.find(rest.front()) != std::string_view::npos;
}

}  // namespace

const OtherKind* other_kind(std::string_view beginning) {
  const auto found =
      std::ranges::find_if(magics, [&](const Magic& magic) { return beginning.starts_with(magic.bytes); });
  if (found != magics.end()) return &found->kind;
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (beginning.starts_with(mark)) beginning.remove_prefix(mark.size());
  const std::string_view text = trimmed_view(beginning.substr(0, 256));
  const std::string lower = lower_case(text.substr(0, 9));
  if (lower.starts_with("<!doctype") || lower.starts_with("<html")) return &page;
  if (lower.starts_with("<?xml") || lower.starts_with("<svg") || lower.starts_with("<!--")) return &xml;
  return begins(text, '{', "\"}") || begins(text, '[', "{[\"") ? &json : nullptr;
}

}  // namespace pool3::corpus
