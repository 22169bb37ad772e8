"""The page's style sheet: the site's colours, self-contained."""

CSS = """
:root{color-scheme:light dark;--ground:light-dark(#f6f7f9,#14161a);--card:light-dark(#fff,#1c1f25);
--ink:light-dark(#16191f,#e8eaee);--soft:light-dark(#5b6472,#9aa3b2);--line:light-dark(#dfe3e9,#2d323b);
--own:light-dark(#1f6feb,#6ea8ff);--other:light-dark(#b06a00,#f0a848);--bad:light-dark(#c4501b,#ff9466);
--missing:light-dark(#d5d9e0,#363c47)}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,'Segoe UI',Inter,Roboto,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:28px 24px 48px}
header{display:flex;flex-wrap:wrap;gap:8px 32px;align-items:flex-end;margin-bottom:18px}
h1{font-size:22px;line-height:1.2;margin:0;font-weight:650;overflow-wrap:anywhere}
h2{font-size:17px;margin:0;font-weight:620}
.facts{color:var(--soft);margin:4px 0 0}
.score{margin-left:auto;text-align:right}
.score b{display:block;font-size:34px;line-height:1;font-weight:680}
.score span{color:var(--soft);font-size:12.5px}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin:0 0 16px}
.who{display:flex;gap:14px;align-items:center;margin-bottom:12px}
.refs{display:flex;gap:6px}
.refs img{width:64px;height:64px;border-radius:8px;display:block;object-fit:cover}
.verdict{color:var(--soft);margin:2px 0 0}
.strip{display:grid;grid-auto-flow:column;grid-auto-columns:minmax(0,1fr);gap:3px;padding-left:4.6%;
padding-right:.8%;margin-bottom:6px}
.strip figure{margin:0;min-width:0}
.strip img,.strip .none{width:100%;aspect-ratio:1;border-radius:5px;display:block}
.strip .none{background:repeating-linear-gradient(45deg,var(--missing) 0 3px,transparent 3px 8px);
border:1px solid var(--missing)}
.strip figcaption{font-size:10.5px;color:var(--soft);text-align:center;margin-top:2px}
.chart{width:100%;height:auto;display:block;overflow:visible}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .tick{fill:var(--soft);font-size:11px}
.chart .threshold{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:5 4}
.chart path{fill:none;stroke-width:2.2;stroke-linejoin:round}
.chart .own path{stroke:var(--own)}.chart .own circle{fill:var(--own)}
.chart .other path{stroke:var(--other);stroke-width:1.4;stroke-dasharray:2 3}.chart .other circle{fill:none}
.chart .missing{fill:var(--missing);opacity:.55}
.chart .swap{fill:var(--bad);opacity:.35}
.key{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft);font-size:12px;margin:2px 0 12px 4.6%}
.key i{display:inline-block;width:16px;height:0;border-top:2.5px solid var(--own);vertical-align:middle;
margin-right:6px}
.key .o{border-top:2px dotted var(--other)}.key .t{border-top:1.5px dashed var(--soft)}
.key .m{height:10px;border:0;background:var(--missing)}.key .s{height:10px;border:0;background:var(--bad);opacity:.5}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(156px,1fr));gap:10px 18px;margin:0}
dt{color:var(--soft);font-size:12px}
dd{margin:0;font-size:16px;font-weight:580}
dd small{font-weight:400;color:var(--soft);font-size:12px}
dd.bad{color:var(--bad)}
ul{margin:8px 0 0;padding-left:18px;color:var(--soft)}
details summary{cursor:pointer;color:var(--soft)}
footer{color:var(--soft);font-size:12.5px;margin-top:20px}
footer p{margin:4px 0}
@media print{section{break-inside:avoid}}
"""
