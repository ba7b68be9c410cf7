#include "cli/man.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/fake_program.h"

using namespace fovea;
using namespace fovea::cli;

TEST_CASE("man_page: the sections in their order, and the same bytes each time") {
  const Program program = fake::program();
  const ProgramView view(program);
  const std::string page = man_page(view);
  size_t at = 0;
  for (const char* title : {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "COMMON OPTIONS", "EXIT STATUS",
                            "ENVIRONMENT", "FILES", "EXAMPLES", "SEE ALSO"}) {
    const size_t next = page.find(std::string(".SH ") + title + "\n", at);
    CHECK_MESSAGE(next != std::string::npos, title);
    at = next;
  }
  CHECK(page == man_page(ProgramView(program)));
  CHECK(page.find("\\fB\\-e, \\-\\-epochs\\fR \\fIN\\fR") != std::string::npos);
  CHECK(page.find("\\fBFAKE_RATE\\fR") != std::string::npos);
  CHECK(page.find("Its main option is \\fB\\-\\-epochs\\fR.") != std::string::npos);
}

TEST_CASE("man_page: prose replaces sections, adds others, and its references must resolve") {
  const Program program = fake::program();
  const ProgramView view(program);
  const std::string page =
      man_page(view, "# DESCRIPTION\nOther text on {opt:momentum}.\n\n    bn-fake literal\n\n# NOTES\nA note.\n");
  CHECK(page.find("Other text on \\fB\\-\\-momentum\\fR.\n.PP\n.nf\n    bn\\-fake literal\n.fi\n") !=
        std::string::npos);
  CHECK(page.find("A tool for tests") == std::string::npos);
  CHECK(page.find(".SH NOTES\nA note.\n.SH FILES") != std::string::npos);
  CHECK_THROWS_AS(man_page(view, "# NOTES\n{opt:nothing}\n"), Error);
  CHECK_THROWS_AS(man_page(view, "# EXIT STATUS\nx\n"), Error);
  CHECK_THROWS_AS(man_page(view, "text before a title\n"), Error);
}

TEST_CASE("roff_escape: backslashes, hyphens, quotes, leading dots") {
  CHECK(roff_escape(".a\n'b\\c-d\"") == "\\&.a\n\\&\\(aqb\\ec\\-d\\(dq");
}
