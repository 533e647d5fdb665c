# The end of the report: how figures came about, what they do not prove, how to make them again.
include "base";
include "page";

def coverages: [.cells[].figures[] | select(.value != null) | .n] | group_by(.) |
	map("\(length | plural("figure")) with n = \(.[0]): " +
	(if .[0] < 2 then "no interval" elif .[0] < 6 then "\(.[0] | coverage) %"
		else "95 %" end)) | "Here: \(join("; "))." | html;
def second_dimension: .host.second_dimension | text;

"<section id=\"method\"><h2>How the figures were made</h2><ul>",
"<li>Every run is a process, a virtual machine and an allocation of its own. Rounds go over all cells in an order shuffled with the seed, so that a change of the machine falls on all of them.</li>",
"<li>Each allocation stands by one number: the minimum of its samples where pattern and page-table entries stay in the core's own caches, else the median. The column n says which.</li>",
"<li>A figure is the median over allocations, and its interval is of that median over allocations, not over samples: samples of one allocation repeat to a percent while another allocation of the same pages may differ by a third. The ends are order statistics of the n values, interpolated between neighbours from 6 values on (Hettmansperger and Sheather 1986); no distribution is assumed. Ratios, translation cost and speed-ups are taken pair by pair, within one round, before their median.</li>",
"<li>From 6 allocations on such an interval covers the true median in 95 of 100 sweeps. Of fewer it is all there was, from the least value to the greatest, and no interval of them reaches 95 %: with n allocations it covers the median in 1 - 2<sup>1-n</sup> of all sweeps, 93.75 % with 5, 87.5 % with 4, 75 % with 3, 50 % with 2. So captions and tables call it by that number; <code>interval</code> and <code>coverage</code> in the file are the same; <code>ci95</code> is there only where they are of 95 %. This is not the bootstrap over allocations that is often used: it takes whole order statistics, and covers less than it says with so few values. \(coverages)</li>",
"<li>No timed part calls out of its loop. Exits, faults and interrupts around it are KVM's own counts, warm-up included.</li></ul></section>",
"<section id=\"limits\"><h2>What is not proven</h2><ul>",
(if second_dimension == "shadow" then
	"<li>This host pages by shadow tables: hardware walks one table that KVM keeps. Nothing here is a two-dimensional walk, and the references in theory are those of one dimension.</li>"
 elif second_dimension == "ept" or second_dimension == "npt" then
	"<li>The second dimension is \(second_dimension | ascii_upcase). That a walk went through both dimensions follows from the tables that were installed; it is not observed by itself.</li>"
 else "<li>The second dimension of this host is \(second_dimension | if . == "" then "not known" else html end).</li>" end),
(if .host.hypervisor == true then
	"<li>The host is itself a virtual machine: a hypervisor's page tables lie below all that is shown here, also below what is called native. They can break a large page into small translations.</li>"
 elif .host.hypervisor == null then "<li>Whether a hypervisor lies below this host is not known.</li>"
	else empty end),
"<li>References in theory are the most that one TLB miss may cost without walk caches. Measured averages are far lower; the two stand beside each other, they are not meant to agree.</li>",
"<li>The figures hold for this host, this kernel and these settings.</li></ul></section>",
"<section id=\"again\"><h2>How to make this again</h2><pre>\(.command | command_line | html)\nscripts/plot.sh \([$file] | command_line | html)</pre>",
"<p>One cell alone: its command is in the table of cells. Another sweep against this one: <code>minivmm compare</code>.</p></section>",
"<footer>Made by scripts/plot.sh of minivmm with gnuplot. Nothing in this file is loaded from elsewhere.</footer></body>\n</html>"
