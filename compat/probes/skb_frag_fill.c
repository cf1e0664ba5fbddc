/* {"have": "HAVE_SKB_FRAG_FILL", "since": "6.5", "reason": "skb_frag_fill_page_desc() replaced the three setters of a fragment"} */
#include <linux/skbuff.h>

void mx_probe(skb_frag_t *frag, struct page *page)
{
	skb_frag_fill_page_desc(frag, page, 0, PAGE_SIZE);
}
