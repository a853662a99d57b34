<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- Statistics: figures in words, a chart for each kind, and tables that say the same with every number. Types are told apart by
         hatching, so that a black and white print says as much as a screen. -->

    <xsl:template match="desk-statistics" mode="title"><m:t k="stat.title"/></xsl:template>
    <xsl:template match="desk-statistics" mode="main">
        <xsl:call-template name="desk-nav"/>
        <h1><m:t k="stat.title"/><xsl:if test="choice[@chosen]"><xsl:text> </xsl:text><span class="other-script"><xsl:value-of select="i:name(choice[@chosen])"/></span></xsl:if></h1>
        <xsl:call-template name="stat-figures"/>
        <xsl:call-template name="stat-form"/>
        <p class="hint" id="span"><m:t k="stat.span"><m:with name="from"><xsl:for-each select="series[1]/month[1]"><xsl:call-template name="stat-month"/></xsl:for-each></m:with><m:with name="until"><xsl:for-each select="series[1]/month[last()]"><xsl:call-template name="stat-month"/></xsl:for-each></m:with></m:t></p>
        <section class="stat-charts" aria-labelledby="charts">
            <h2 id="charts"><m:t k="stat.charts"/></h2>
            <svg class="shapes" width="0" height="0" aria-hidden="true" focusable="false">
                <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse"><path d="M-1 1 1-1M0 4 4 0M3 5 5 3" class="stat-hatch"/></pattern>
            </svg>
            <ul class="stat-key">
                <li><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect x="1" y="1" width="12" height="12" class="stat-client"/></svg> <m:t k="type.client"/></li>
                <li><svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><rect x="1" y="1" width="12" height="12" class="stat-smime" fill="url(#hatch)"/></svg> <m:t k="type.smime"/></li>
            </ul>
            <div class="stat-grid"><xsl:apply-templates select="series" mode="chart"/></div>
        </section>
        <section aria-labelledby="numbers">
            <h2 id="numbers"><m:t k="stat.tables"/></h2>
            <p class="table-links"><a href="{@tsv}"><m:t k="stat.tsv"/></a></p>
            <xsl:if test="institution"><xsl:call-template name="stat-institutions"/></xsl:if>
            <xsl:call-template name="stat-table">
                <xsl:with-param name="id">by-month</xsl:with-param>
                <xsl:with-param name="caption"><m:t k="stat.table"/></xsl:with-param>
                <xsl:with-param name="series" select="series[@what != 'active']"/>
            </xsl:call-template>
            <xsl:call-template name="stat-table">
                <xsl:with-param name="id">by-end</xsl:with-param>
                <xsl:with-param name="caption"><m:t k="stat.table.ending"/></xsl:with-param>
                <xsl:with-param name="series" select="series[@what = 'active']"/>
            </xsl:call-template>
        </section>
        <section class="stat-meaning" aria-labelledby="meaning">
            <h2 id="meaning"><m:t k="stat.meaning"/></h2>
            <ul class="hint">
                <li><m:t k="stat.meaning.applied"/></li>
                <li><m:t k="stat.meaning.collected"/></li>
                <li><m:t k="stat.meaning.renewed"/></li>
                <li><m:t k="stat.meaning.revoked"/></li>
                <li><m:t k="stat.meaning.ending"/></li>
                <li><m:t k="stat.meaning.zone"/></li>
            </ul>
        </section>
    </xsl:template>

    <xsl:template name="stat-figures">
        <xsl:for-each select="figures">
            <dl class="stat-figures">
                <div class="card"><dt><m:t k="stat.active"/></dt><dd id="active"><xsl:value-of select="format-number(@active, '#,##0')"/></dd></div>
                <div class="card"><dt><m:t k="stat.collected"/></dt><dd id="collected"><xsl:value-of select="format-number(@collected, '#,##0')"/><xsl:if test="@renewed &gt; 0"><span class="sub"><m:t k="stat.collected.renewed" n="format-number(@renewed, '#,##0')"/></span></xsl:if></dd></div>
                <div class="card"><dt><m:t k="stat.revoked"/></dt><dd id="revoked"><xsl:value-of select="format-number(@revoked, '#,##0')"/></dd></div>
                <div class="card"><dt><m:t k="stat.soon"/></dt><dd id="soon"><xsl:value-of select="format-number(@soon, '#,##0')"/></dd></div>
            </dl>
        </xsl:for-each>
    </xsl:template>

    <xsl:template name="stat-form">
        <form method="get" action="/helpdesk/statistics" class="card stat-form">
            <div class="desk-fields">
                <div class="field">
                    <label for="range"><m:t k="stat.range"/></label>
                    <select id="range" name="range">
                        <xsl:for-each select="range">
                            <option value="{@word}">
                                <xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if>
                                <xsl:choose>
                                    <xsl:when test="@year"><m:t k="stat.range.fiscal" year="@year" next="@year + 1"/></xsl:when>
                                    <xsl:otherwise><xsl:value-of select="i:message('stat.range.', @word)"/></xsl:otherwise>
                                </xsl:choose>
                            </option>
                        </xsl:for-each>
                    </select>
                </div>
                <xsl:if test="choice">
                    <div class="field">
                        <label for="institution"><m:t k="desk.institution"/></label>
                        <select id="institution" name="institution">
                            <option value=""><m:t k="desk.institution.all"/></option>
                            <xsl:for-each select="choice">
                                <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                            </xsl:for-each>
                        </select>
                    </div>
                </xsl:if>
            </div>
            <p><button type="submit" class="main"><m:t k="stat.show"/></button></p>
        </form>
    </xsl:template>

    <xsl:template name="stat-month"><m:t k="month.full.{@month}" year="@year"/></xsl:template>

    <!-- A chart: 360 by 176, the bars between 40 and 356 across, 14 and 134 down. -->
    <xsl:template match="series" mode="chart">
        <xsl:variable name="series" select="."/>
        <xsl:variable name="pitch" select="316 div @months"/>
        <xsl:variable name="every"><xsl:choose><xsl:when test="@months &gt; 24">6</xsl:when><xsl:when test="@months &gt; 12">3</xsl:when><xsl:otherwise>1</xsl:otherwise></xsl:choose></xsl:variable>
        <figure class="card" data-series="{@what}">
            <figcaption><h3><m:t k="stat.what.{@what}"/></h3><span class="hint"><m:t k="stat.sum" n="format-number(@n, '#,##0')"/></span></figcaption>
            <svg viewBox="0 0 360 176" role="img" aria-labelledby="t-{@what}" aria-describedby="d-{@what}">
                <title id="t-{@what}"><m:t k="stat.what.{@what}"/></title>
                <desc id="d-{@what}"><m:t k="stat.describe" n="@n" most="@most"/></desc>
                <path d="M40 14.5H356M40 74.5H356" class="stat-grid-line"/>
                <text x="34" y="18" class="stat-axis stat-end"><xsl:value-of select="format-number(@top, '#,##0')"/></text>
                <text x="34" y="78" class="stat-axis stat-end"><xsl:value-of select="format-number(@top div 2, '#,##0')"/></text>
                <text x="34" y="138" class="stat-axis stat-end">0</text>
                <xsl:for-each select="month">
                    <xsl:variable name="x" select="40 + (position() - 1) * $pitch"/>
                    <xsl:variable name="client" select="@client * 120 div $series/@top"/>
                    <xsl:variable name="smime" select="@smime * 120 div $series/@top"/>
                    <xsl:if test="@client &gt; 0"><rect x="{$x + $pitch * 0.14}" y="{134 - $client}" width="{$pitch * 0.72}" height="{$client}" class="stat-client"/></xsl:if>
                    <xsl:if test="@smime &gt; 0"><rect x="{$x + $pitch * 0.14}" y="{134 - $client - $smime}" width="{$pitch * 0.72}" height="{$smime}" class="stat-smime" fill="url(#hatch)"/></xsl:if>
                    <xsl:if test="$series/@months &lt;= 12 and @n &gt; 0 and @n &lt; 1000"><text x="{$x + $pitch div 2}" y="{131 - $client - $smime}" class="stat-value stat-middle"><xsl:value-of select="@n"/></text></xsl:if>
                    <xsl:if test="(@month - 1) mod $every = 0"><text x="{$x + $pitch div 2}" y="149" class="stat-axis stat-middle"><m:t k="month.short.{@month}"/></text></xsl:if>
                    <xsl:if test="@month = 1 or position() = 1 and @month &lt; 11"><text x="{$x + $pitch * 0.14}" y="166" class="stat-axis stat-year"><xsl:value-of select="@year"/></text></xsl:if>
                </xsl:for-each>
                <path d="M40 134.5H356" class="stat-base"/>
            </svg>
        </figure>
    </xsl:template>

    <!-- The same in numbers: a row a month, each kind by type. SERIES all have the same months. -->
    <xsl:template name="stat-table">
        <xsl:param name="id"/>
        <xsl:param name="caption"/>
        <xsl:param name="series"/>
        <div class="stat-scroll" role="region" aria-labelledby="{$id}" tabindex="0">
            <table class="stat-table" data-table="{$id}">
                <caption id="{$id}"><xsl:copy-of select="$caption"/></caption>
                <thead>
                    <tr>
                        <th scope="col" rowspan="2"><m:t k="stat.month"/></th>
                        <xsl:for-each select="$series"><th scope="colgroup" colspan="3"><m:t k="stat.what.{@what}"/></th></xsl:for-each>
                    </tr>
                    <tr>
                        <xsl:for-each select="$series"><th scope="col"><m:t k="stat.client"/></th><th scope="col"><m:t k="stat.smime"/></th><th scope="col"><m:t k="stat.all"/></th></xsl:for-each>
                    </tr>
                </thead>
                <tbody>
                    <xsl:for-each select="$series[1]/month">
                        <xsl:variable name="place" select="position()"/>
                        <tr data-month="{substring(@at, 1, 7)}">
                            <th scope="row"><xsl:call-template name="stat-month"/></th>
                            <xsl:for-each select="$series/month[position() = $place]"><xsl:call-template name="stat-cells"/></xsl:for-each>
                        </tr>
                    </xsl:for-each>
                </tbody>
                <tfoot>
                    <tr>
                        <th scope="row"><m:t k="stat.all"/></th>
                        <xsl:for-each select="$series"><xsl:call-template name="stat-cells"/></xsl:for-each>
                    </tr>
                </tfoot>
            </table>
        </div>
    </xsl:template>

    <xsl:template name="stat-cells">
        <td><xsl:value-of select="format-number(@client, '#,##0')"/></td>
        <td><xsl:value-of select="format-number(@smime, '#,##0')"/></td>
        <td class="stat-all"><xsl:value-of select="format-number(@n, '#,##0')"/></td>
    </xsl:template>

    <xsl:template name="stat-institutions">
        <div class="stat-scroll" role="region" aria-labelledby="by-institution" tabindex="0">
            <table class="stat-table" data-table="by-institution">
                <caption id="by-institution"><m:t k="stat.table.institutions"/></caption>
                <thead>
                    <tr>
                        <th scope="col"><m:t k="desk.institution"/></th>
                        <th scope="col"><m:t k="stat.active"/></th>
                        <xsl:for-each select="series[@what != 'active']"><th scope="col"><m:t k="stat.what.{@what}"/></th></xsl:for-each>
                    </tr>
                </thead>
                <tbody>
                    <xsl:for-each select="institution">
                        <tr>
                            <th scope="row"><a href="{@href}"><xsl:value-of select="i:name(.)"/></a></th>
                            <td><xsl:value-of select="format-number(@active, '#,##0')"/></td>
                            <td><xsl:value-of select="format-number(@applied, '#,##0')"/></td>
                            <td><xsl:value-of select="format-number(@collected, '#,##0')"/></td>
                            <td><xsl:value-of select="format-number(@renewed, '#,##0')"/></td>
                            <td><xsl:value-of select="format-number(@revoked, '#,##0')"/></td>
                            <xsl:if test="../series[@what = 'replaced']"><td><xsl:value-of select="format-number(@replaced, '#,##0')"/></td></xsl:if>
                        </tr>
                    </xsl:for-each>
                </tbody>
            </table>
        </div>
    </xsl:template>
</xsl:stylesheet>
