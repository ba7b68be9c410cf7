#include "cli/common.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace fovea::cli {
namespace {

void declare_reproducibility(OptionTable& table, CommonOptions& options, CommonSet which) {
  table.group("Reproducibility");
  if (has(which, CommonSet::kSeed)) {
    table.add("seed", options.seed, "N", "Seed of all random numbers.")
        .source("[ours]")
        .text("Recorded in the output. Fixed by default, so that plain runs repeat.");
  }
  if (has(which, CommonSet::kDeterministic)) {
    table.add("deterministic", options.deterministic, "Same bits for every number of threads.")
        .source("[ours]")
        .text("Off permits sums in another order where that is faster; at present it is nowhere, and nothing changes.");
  }
  if (has(which, CommonSet::kShard)) {
    table.add("shard", options.shard_text, "I/N", "Process share I of N, counted from 0.")
        .source("[ours]")
        .no_effect_on_content()
        .text(
            "Items floor(I*items/N) to floor((I+1)*items/N)-1; the verb merge joins the shares. The word slurm takes "
            "both numbers from a Slurm job array.");
  }
}

void declare_files(OptionTable& table, CommonOptions& options, CommonSet which) {
  table.group("Output files");
  if (has(which, CommonSet::kCompress)) {
    table.add("compress", options.compress, "LEVEL", "Deflate level of the datasets, 0 is off.")
        .range(0, 9)
        .default_text("what suits the kind of file")
        .source("[ours]")
        .no_effect_on_content();
  }
  if (has(which, CommonSet::kNoClobber)) {
    table.add("no-clobber", options.no_clobber, "Refuse to replace an existing file.").no_effect_on_content();
  }
  if (has(which, CommonSet::kFormat)) {
    table.add("format", options.format, "KIND", "How to print: table, tsv or jsonl.")
        .choices({"table", "tsv", "jsonl"})
        .default_text("table on a terminal, else tsv")
        .source("[ours]")
        .no_effect_on_content();
  }
  if (has(which, CommonSet::kDryRun)) {
    table.add("dry-run", options.dry_run, "Check everything, print the plan, write nothing.").no_effect_on_content();
  }
}

void declare_checkpoints(OptionTable& table, CommonOptions& options) {
  table.group("Checkpoints");
  table.add("resume", options.resume, "Continue the output file if it is there.")
      .no_effect_on_content()
      .text("An absent file means a fresh start; one made with other parameters is an error that lists them.");
  table.add("checkpoint-every", options.checkpoint_every_text, "PERIOD", "How often to save: 10m, 500s, 2000it.")
      .source("[ours]")
      .no_effect_on_content()
      .text("By steps (it) the set of files repeats exactly, by time little work is lost.");
  table.add("keep", options.keep, "N", "Numbered checkpoints, RUN.step00002000.ckpt.h5, to keep besides the newest.")
      .text("Needs {opt:checkpoint-every} in steps.")
      .range(0, 1000)
      .source("[ours]")
      .no_effect_on_content();
  table.add("max-time", options.max_time, "TIME", "Save and stop with code 75 after this time.")
      .as_duration()
      .at_least(0)
      .default_text("no limit")
      .source("[ours]")
      .no_effect_on_content();
}

void declare_running(OptionTable& table, CommonOptions& options) {
  table.group("Running");
  table.add("threads", options.threads, "N", "Threads; results do not depend on it.")
      .range(1, 4096)
      .default_text("SLURM_CPUS_PER_TASK, else the processors we may use, shared by the ranks on a machine")
      .source("[ours]")
      .no_effect_on_content();
  table.add("max-memory", options.max_memory, "SIZE", "Refuse inputs that need more memory.")
      .as_size()
      .at_least(0)
      .default_text("3/4 of the machine or control group")
      .source("[ours]")
      .no_effect_on_content();
  table.add("config", options.config, "FILE", "Read options from a TOML or INI file.")
      .completes(Completion::kFile)
      .not_in_config()
      .no_effect_on_content()
      .text("Sections are verbs. Command line and environment win over the file. A misspelt key is an error.");
  table.add("print-config", options.print_config, "Print the resulting options as TOML and stop.")
      .env("")
      .not_in_config()
      .no_effect_on_content();
}

void declare_messages(OptionTable& table, CommonOptions& options) {
  table.group("Messages");
  table.add("quiet", options.quiet, "Print errors only.").short_name('q').excludes("verbose").no_effect_on_content();
  table.add_count("verbose", options.verbose, "Print details; twice: with the seconds since the start.")
      .short_name('v')
      .no_effect_on_content();
  table.add("log-file", options.log_file, "FILE", "Append all messages with times to FILE.")
      .is_output_path()
      .no_effect_on_content();
  table.add("progress", options.progress, "WHEN", "Progress line: auto, always or never.")
      .choices({"auto", "always", "never"})
      .source("[ours]")
      .no_effect_on_content();
}

void declare_help(OptionTable& table, CommonOptions& options) {
  table.group("Help");
  const auto plain = [](Option& option) { option.env("").not_in_config().no_effect_on_content(); };
  Option& info = table.add("info", options.info, "FILE", "Describe any file of these tools and stop.");
  info.completes(Completion::kFile);
  plain(info);
  Option& help = table.add("help", options.help, "Print the long help (-h: the short one) and stop.");
  help.short_name('h');
  plain(help);
  plain(table.add("version", options.show_version, "Print the version and stop."));
}

}  // namespace

CheckpointPeriod parse_checkpoint_period(std::string_view text) {
  if (text.ends_with("it")) {
    const auto steps = parse_int(text.substr(0, text.size() - 2));
    if (steps && *steps > 0) return {0, *steps};
  } else if (const auto seconds = parse_duration(text); seconds && *seconds > 0) {
    return {*seconds, 0};
  }
  fail(ErrorKind::kUsage, "--checkpoint-every: expected a time or steps such as 10m, 500s or 2000it, found '{}'",
       printable(text));
}

void declare_common(OptionTable& table, CommonOptions& options, CommonSet which) {
  const size_t first = table.options().size();
  declare_reproducibility(table, options, which);
  if (has(which, CommonSet::kCheckpoints)) declare_checkpoints(table, options);
  declare_files(table, options, which);
  declare_running(table, options);
  declare_messages(table, options);
  declare_help(table, options);
  for (size_t i = first; i < table.options().size(); ++i) table.options()[i].record().common = true;
}

void finish_common(CommonOptions& options) {
  options.shard = parse_shard(options.shard_text);
  options.checkpoint_every = parse_checkpoint_period(options.checkpoint_every_text);
  if (options.keep > 0 && options.checkpoint_every.steps == 0) {
    fail(ErrorKind::kUsage, "--keep: needs --checkpoint-every in steps, such as 2000it, found '{}'",
         printable(options.checkpoint_every_text));
  }
  if (options.format.empty()) options.format = stdout_is_terminal() ? "table" : "tsv";
}

}  // namespace fovea::cli
