#include "systems/file_commands.h"

#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/info.h"
#include "io/merge.h"
#include "io/verify.h"
#include "systems/run_record.h"

namespace fovea {
namespace {

struct MergeCommandOptions {
  std::vector<std::string> shards;
  std::string output;
  bool allow_missing = false;
};

void declare_merge(cli::OptionTable& table, MergeCommandOptions& options) {
  table.group("Merging");
  table.output(options.output, "The joined file.").required();
  table.add("allow-missing", options.allow_missing, "Accept missing shards; the file is marked partial = 1.");
  table.operand("SHARD", options.shards, "The shards, in any order.", 1, -1);
}

int run_merge(const MergeCommandOptions& options, const cli::Invocation& invocation) {
  const auto report =
      io::merge_files(options.shards, options.output, {options.allow_missing, "", writer_options(invocation)});
  log::info("{}: joined {} shard(s), content hash {}", options.output, report.shards, report.content_hash);
  return 0;
}

struct VerifyCommandOptions {
  std::vector<std::string> files;
};

void declare_verify(cli::OptionTable& table, VerifyCommandOptions& options) {
  table.operand("FILE", options.files, "Files of any fovea schema.", 1, -1);
}

// All files are looked at; a damaged one is a negative answer (1), a missing one an error.
int run_verify(const VerifyCommandOptions& options, const cli::Invocation&) {
  bool good = true;
  for (const auto& file : options.files) {
    try {
      const auto report = io::verify_file(file);
      write_stdout(
          fmt::format("{}\tok\t{}\t{}\n", escape_tsv(file), report.attributes.schema, report.attributes.content_hash));
    } catch (const MemoryLimitError& error) {  // nobody knows whether the file is good
      const std::string what = error.what();
      throw MemoryLimitError(what.starts_with(file) || file == "-" ? what : file + ": " + what, error.hint());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kData) throw;
      log::error("{}", printable(error.what(), SIZE_MAX));
      write_stdout(fmt::format("{}\tdamaged\tNA\tNA\n", escape_tsv(file)));
      good = false;
    }
  }
  return good ? 0 : static_cast<int>(ErrorKind::kNegative);
}

}  // namespace

cli::Command merge_command() {
  return cli::command<MergeCommandOptions>(
      "merge", "join the shards of one run",
      "Joins files written with --shard i/n into the file that the whole run would have written, byte for byte.", {},
      declare_merge, run_merge, cli::CommonSet::kFiles);
}

cli::Command verify_command() {
  return cli::command<VerifyCommandOptions>(
      "verify", "check files against their schema and content hash",
      "Reads every value, checks it against the schema and recomputes the content hash. Exits 1 if a file is damaged.",
      {}, declare_verify, run_verify);
}

int print_info(const std::string& path) {
  write_stdout(io::info_json(path));
  return 0;
}

}  // namespace fovea
